import { fileURLToPath } from 'node:url';
import { defineDataset } from '@limbeck/core';
import { z } from 'zod';
import { type IdxLayout, openIdxDataset } from './idx-dataset.js';
import { publishedFiles, publishedIdxDataset } from './published.js';

const publishers = [
  'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
  'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion',
];

const shared = {
  imageSize: [28, 28],
  classNames: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
  // Computed from all 47,040,000 training pixels. The subset uses the same numbers (its own are 0.2865 and 0.3539), so
  // that a network trained on the one sees the images of the other alike.
  normalization: { mean: [0.2860405969887955], std: [0.3530242445149226] },
} as const satisfies Partial<IdxLayout>;

/** Where Debian's package `dataset-fashion-mnist` puts the published files. */
const debianFolder = '/usr/share/datasets/fashion-mnist';

/** Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017, arXiv:1708.07747): 60,000 and 10,000 images. MIT licence. */
export const fashionMnist = publishedIdxDataset(
  { id: 'fashion-mnist', samples: { train: 60_000, test: 10_000 }, ...shared },
  {
    description:
      'Fashion-MNIST: 60,000 training and 10,000 test images of clothing, 28 x 28 grey, 10 classes. ' +
      `When it was not fetched, Debian's package dataset-fashion-mnist (${debianFolder}) will do.`,
    files: publishedFiles(publishers, [
      [
        'train-images-idx3-ubyte.gz',
        26_421_880,
        '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      ],
      [
        'train-labels-idx1-ubyte.gz',
        29_515,
        'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      ],
      [
        't10k-images-idx3-ubyte.gz',
        4_422_102,
        '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      ],
      [
        't10k-labels-idx1-ubyte.gz',
        5_148,
        '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
      ],
    ]),
    fallbacks: [debianFolder],
  },
);

const bundledFolder = fileURLToPath(new URL('../data/', import.meta.url));

/** The subset of Fashion-MNIST that comes with this package; how it was cut is told in `data/README.md`. */
export const fashionMnistSubset = defineDataset({
  id: 'fashion-mnist-subset',
  description:
    'A balanced subset of Fashion-MNIST, bundled: 12,000 training (1,200 a class) and 2,000 test images (200 a class).',
  options: z.strictObject({}),
  files: [],
  open: () =>
    openIdxDataset(
      { id: 'fashion-mnist-subset', samples: { train: 12_000, test: 2_000 }, ...shared },
      [bundledFolder],
      'install @limbeck/datasets-vision again',
    ),
});
