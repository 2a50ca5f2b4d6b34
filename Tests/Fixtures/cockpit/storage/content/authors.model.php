<?php
 return [
  'name' => 'authors',
  'label' => 'Authors',
  'info' => '',
  'type' => 'collection',
  'fields' => [
    0 => [
      'name' => 'name',
      'type' => 'text',
      'label' => 'Name',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => true,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
      ],
    ],
    1 => [
      'name' => 'bio',
      'type' => 'wysiwyg',
      'label' => 'Bio',
      'info' => '',
      'group' => '',
      'i18n' => true,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
      ],
    ],
    2 => [
      'name' => 'avatar',
      'type' => 'asset',
      'label' => 'Avatar',
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
    3 => [
      'name' => 'email',
      'type' => 'text',
      'label' => 'Email',
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
    4 => [
      'name' => 'social',
      'type' => 'set',
      'label' => 'Social',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
        'fields' => [
          0 => [
            'name' => 'mastodon',
            'type' => 'text',
            'label' => 'Mastodon',
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
          1 => [
            'name' => 'web',
            'type' => 'text',
            'label' => 'Web',
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
      ],
    ],
    5 => [
      'name' => 'active',
      'type' => 'boolean',
      'label' => 'Active',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
        'default' => true,
      ],
    ],
  ],
  'preview' => [
  ],
  'group' => 'Editorial',
  'meta' => NULL,
  '_created' => 1795421578,
  '_modified' => 1795421578,
  'revisions' => false,
];