import { publishedFiles, publishedIdxDataset } from './published.js';

const publishers = ['http://codh.rois.ac.jp/kmnist/dataset/kmnist'];

/**
 * Kuzushiji-MNIST (Clanuwat et al., 2018, arXiv:1812.01718): 60,000 and 10,000 characters of old Japanese writing.
 * CC BY-SA 4.0. Sizes and SHA-256 are those that TensorFlow Datasets records for the published files.
 */
export const kmnist = publishedIdxDataset(
  {
    id: 'kmnist',
    samples: { train: 60_000, test: 10_000 },
    imageSize: [28, 28],
    classNames: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
  },
  {
    description:
      'Kuzushiji-MNIST: 60,000 training and 10,000 test images of cursive Japanese, 28 x 28 grey, 10 classes.',
    files: publishedFiles(publishers, [
      [
        'train-images-idx3-ubyte.gz',
        18_165_135,
        '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4',
      ],
      [
        'train-labels-idx1-ubyte.gz',
        29_497,
        'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17',
      ],
      [
        't10k-images-idx3-ubyte.gz',
        3_041_136,
        'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5',
      ],
      [
        't10k-labels-idx1-ubyte.gz',
        5_120,
        '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c',
      ],
    ]),
    fallbacks: [],
  },
);
