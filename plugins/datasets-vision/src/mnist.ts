import { publishedFiles, publishedIdxDataset } from './published.js';

const publishers = [
  'https://ossci-datasets.s3.amazonaws.com/mnist',
  'https://storage.googleapis.com/cvdf-datasets/mnist',
];

/** MNIST (LeCun, Cortes and Burges, 1998): 60,000 and 10,000 handwritten digits. */
export const mnist = publishedIdxDataset(
  {
    id: 'mnist',
    samples: { train: 60_000, test: 10_000 },
    imageSize: [28, 28],
    classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    // Of the training pixels, in the four digits in common use.
    normalization: { mean: [0.1307], std: [0.3081] },
  },
  {
    description:
      'MNIST: 60,000 training and 10,000 test images of handwritten digits, 28 x 28 grey, 10 classes.',
    files: publishedFiles(publishers, [
      [
        'train-images-idx3-ubyte.gz',
        9_912_422,
        '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      ],
      [
        'train-labels-idx1-ubyte.gz',
        28_881,
        '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      ],
      [
        't10k-images-idx3-ubyte.gz',
        1_648_877,
        '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      ],
      [
        't10k-labels-idx1-ubyte.gz',
        4_542,
        'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      ],
    ]),
    fallbacks: [],
  },
);
