<?php
 return [
  'name' => 'articles',
  'label' => 'Articles',
  'info' => '',
  'type' => 'collection',
  'fields' => [
    0 => [
      'name' => 'title',
      'type' => 'text',
      'label' => 'Title',
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
      'name' => 'slug',
      'type' => 'text',
      'label' => 'Slug',
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
    2 => [
      'name' => 'excerpt',
      'type' => 'text',
      'label' => 'Excerpt',
      'info' => '',
      'group' => '',
      'i18n' => true,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
        'multiline' => true,
      ],
    ],
    3 => [
      'name' => 'body',
      'type' => 'wysiwyg',
      'label' => 'Body',
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
    4 => [
      'name' => 'cover',
      'type' => 'asset',
      'label' => 'Cover',
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
    5 => [
      'name' => 'gallery',
      'type' => 'asset',
      'label' => 'Gallery',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => true,
      'meta' => [
      ],
      'opts' => [
      ],
    ],
    6 => [
      'name' => 'author',
      'type' => 'contentItemLink',
      'label' => 'Author',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
        'link' => 'authors',
        'display' => '${data.name}',
      ],
    ],
    7 => [
      'name' => 'related',
      'type' => 'contentItemLink',
      'label' => 'Related',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => true,
      'meta' => [
      ],
      'opts' => [
        'link' => 'articles',
        'display' => '${data.title}',
      ],
    ],
    8 => [
      'name' => 'tags',
      'type' => 'tags',
      'label' => 'Tags',
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
    9 => [
      'name' => 'publishedAt',
      'type' => 'datetime',
      'label' => 'PublishedAt',
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
    10 => [
      'name' => 'readingMinutes',
      'type' => 'number',
      'label' => 'ReadingMinutes',
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
    11 => [
      'name' => 'rating',
      'type' => 'number',
      'label' => 'Rating',
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
    12 => [
      'name' => 'featured',
      'type' => 'boolean',
      'label' => 'Featured',
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
    13 => [
      'name' => 'accent',
      'type' => 'color',
      'label' => 'Accent',
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
    14 => [
      'name' => 'category',
      'type' => 'select',
      'label' => 'Category',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => false,
      'meta' => [
      ],
      'opts' => [
        'options' => [
          0 => 'news',
          1 => 'guide',
          2 => 'interview',
          3 => 'review',
        ],
      ],
    ],
    15 => [
      'name' => 'seo',
      'type' => 'set',
      'label' => 'Seo',
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
            'name' => 'title',
            'type' => 'text',
            'label' => 'Title',
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
            'name' => 'description',
            'type' => 'text',
            'label' => 'Description',
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
            'name' => 'image',
            'type' => 'asset',
            'label' => 'Image',
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
    16 => [
      'name' => 'blocks',
      'type' => 'set',
      'label' => 'Blocks',
      'info' => '',
      'group' => '',
      'i18n' => false,
      'required' => false,
      'multiple' => true,
      'meta' => [
      ],
      'opts' => [
        'fields' => [
          0 => [
            'name' => 'kind',
            'type' => 'text',
            'label' => 'Kind',
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
            'name' => 'text',
            'type' => 'wysiwyg',
            'label' => 'Text',
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
            'name' => 'image',
            'type' => 'asset',
            'label' => 'Image',
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
            'name' => 'link',
            'type' => 'contentItemLink',
            'label' => 'Link',
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
          4 => [
            'name' => 'rows',
            'type' => 'set',
            'label' => 'Rows',
            'info' => '',
            'group' => '',
            'i18n' => false,
            'required' => false,
            'multiple' => true,
            'meta' => [
            ],
            'opts' => [
              'fields' => [
                0 => [
                  'name' => 'label',
                  'type' => 'text',
                  'label' => 'Label',
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
                  'name' => 'value',
                  'type' => 'number',
                  'label' => 'Value',
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
        ],
      ],
    ],
    17 => [
      'name' => 'extra',
      'type' => 'object',
      'label' => 'Extra',
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
    18 => [
      'name' => 'debugMode',
      'type' => 'boolean',
      'label' => 'DebugMode',
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
  'group' => 'Editorial',
  'meta' => NULL,
  '_created' => 1795421578,
  '_modified' => 1795421578,
  'revisions' => true,
  'color' => '#1e88e5',
];