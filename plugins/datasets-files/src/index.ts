import { definePlugin } from '@limbeck/core';
import { arrays } from './arrays.js';
import { imageFolder } from './image-folder.js';
import { imageList } from './image-list.js';
import { parquet } from './parquet.js';
import { synthetic } from './synthetic.js';
import { webDataset } from './webdataset.js';

export { arrays, imageFolder, imageList, parquet, synthetic, webDataset };

/** Data sets of your own: folders and lists of pictures, arrays, Parquet, tar shards; and made pictures. */
export default definePlugin({
  name: '@limbeck/datasets-files',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.datasets.add(imageFolder, imageList, arrays, parquet, webDataset, synthetic);
  },
});
