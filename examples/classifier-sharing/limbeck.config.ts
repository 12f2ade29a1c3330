import { defineConfig } from 'limbeck';

// Classifier sharing with integrated projectors (Zuo et al., 2024): student encoder, two bottleneck projectors and the
// teacher's frozen classifier are one model. The paper's full text was not at hand: sizes, integration and loss are our
// reading, after SimKD (arXiv:2203.14001).
export default defineConfig({
  data: { use: 'fashion-mnist-subset', batchSize: 64, augment: [{ use: 'pad-crop', pad: 2 }, 'flip'] },
  teacher: { use: 'resnet14x2', weights: '../../packages/cli/demo/teacher/teacher.safetensors' },
  student: 'resnet8',
  distiller: { use: 'classifier-sharing', projectors: 2, reduction: 4, integration: 'mean' },
  train: {
    epochs: 6,
    optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    schedule: 'cosine',
    seed: 1,
  },
});
