import { defineDataset, definePlugin } from 'limbeck';

/** Images whose class is the corner that is bright: learnt in seconds, by a network of any size. */
function split(length, salt) {
  const side = 8;
  const labels = Int32Array.from({ length }, (_, i) => (i * 7 + salt) % 4);
  return {
    length,
    labels,
    read(index, into, offset) {
      for (let pixel = 0; pixel < side * side; pixel++) {
        const row = Math.floor(pixel / side) < side / 2 ? 0 : 1;
        const column = pixel % side < side / 2 ? 0 : 1;
        const noise = (Math.imul(index * 4099 + pixel * 131 + salt, 0x9e3779b1) >>> 24) % 96;
        into[offset + pixel] = noise + (labels[index] === 2 * row + column ? 110 : 0);
      }
    },
  };
}

const corners = defineDataset({
  id: 'corners',
  description: 'which corner is bright: 4 classes of 8x8 images',
  files: [],
  open: () =>
    Promise.resolve({
      classes: 4,
      classNames: ['top left', 'top right', 'bottom left', 'bottom right'],
      imageShape: [1, 8, 8],
      normalization: { mean: [0.3], std: [0.2] },
      train: split(256, 1),
      test: split(100, 2),
      fingerprint: 'corners-1',
    }),
});

export default definePlugin({
  name: 'limbeck-plugin-tiny-images',
  api: 1,
  setup(host) {
    host.datasets.add(corners);
  },
});
