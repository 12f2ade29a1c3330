import { defineConfig } from 'limbeck';

// Projector ensemble (arXiv:2210.15274) as released: the mean of three ReLU(linear) projections of the student's embedding
// follows the teacher's by cosine, weight 25. Data, pair and schedule are what comes with the checkout, not the paper's.
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
