import { defineConfig } from 'limbeck';

export default defineConfig({
  data: { use: 'fashion-mnist-subset', batchSize: 64, augment: [{ use: 'pad-crop', pad: 2 }, 'flip'] },
  teacher: { use: 'resnet14x2', weights: '../../packages/cli/demo/teacher/teacher.safetensors' },
  student: 'resnet8',
  distiller: { use: 'projector-ensemble', projectors: 3, weight: 25 },
  train: {
    epochs: 6,
    optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    schedule: 'cosine',
    seed: 1,
  },
});
