<?php
 return [
  'name' => 'navigation',
  'label' => 'Navigation',
  'info' => '',
  'type' => 'tree',
  'fields' => [
    0 => [
      'name' => 'label',
      'type' => 'text',
      'label' => 'Label',
      'info' => '',
      'group' => '',
      'i18n' => true,
      'required' => true,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
      ],
    ],
    1 => [
      'name' => 'url',
      'type' => 'text',
      'label' => 'Url',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
      ],
    ],
    2 => [
      'name' => 'target',
      'type' => 'contentItemLink',
      'label' => 'Target',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
        'link' => 'articles',
      ],
    ],
    3 => [
      'name' => 'icon',
      'type' => 'asset',
      'label' => 'Icon',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
      ],
    ],
  ],
  'preview' => [
  ],
  'group' => 'System',
  'meta' => NULL,
  '_created' => 1795421578,
  '_modified' => 1795421578,
];