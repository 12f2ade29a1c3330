import { defineConfig } from 'limbeck';

// VanillaKD (arXiv:2305.15781): plain KD at T = 1, binary cross-entropy, strong training for long. The paper trains on
// ImageNet for 300 epochs with LAMB; here AdamW and the images that come with the checkout stand in.
export default defineConfig({
  data: { use: 'fashion-mnist-subset', batchSize: 64, augment: [{ use: 'pad-crop', pad: 2 }, 'flip'] },
  teacher: { use: 'resnet14x2', weights: '../../packages/cli/demo/teacher/teacher.safetensors' },
  student: 'resnet8',
  distiller: ['bce', { use: 'kd', weight: 1, taskWeight: 0, temperature: 1 }],
  train: {
    epochs: 60,
    optimizer: { use: 'adamw', lr: 2e-3, weightDecay: 0.02 },
    schedule: { use: 'linear-warmup', epochs: 5, after: 'cosine' },
    seed: 1,
  },
});
