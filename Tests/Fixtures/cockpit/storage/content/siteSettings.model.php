<?php
 return [
  'name' => 'siteSettings',
  'label' => 'Site settings',
  'info' => '',
  'type' => 'singleton',
  'fields' => [
    0 => [
      'name' => 'siteName',
      'type' => 'text',
      'label' => 'SiteName',
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
    1 => [
      'name' => 'logo',
      'type' => 'asset',
      'label' => 'Logo',
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
      'name' => 'contact',
      'type' => 'set',
      'label' => 'Contact',
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
          1 => [
            'name' => 'phone',
            'type' => 'text',
            'label' => 'Phone',
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
            'name' => 'address',
            'type' => 'text',
            'label' => 'Address',
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
    3 => [
      'name' => 'featured',
      'type' => 'contentItemLink',
      'label' => 'Featured',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => true,
      'meta' => [
      ],
      'opts' => [
        'link' => 'articles',
      ],
    ],
    4 => [
      'name' => 'footer',
      'type' => 'wysiwyg',
      'label' => 'Footer',
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
    5 => [
      'name' => 'maintenance',
      'type' => 'boolean',
      'label' => 'Maintenance',
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