import { fileURLToPath } from 'node:url';
import { distill } from 'limbeck';

const teacher = fileURLToPath(new URL('../packages/cli/demo/teacher/teacher.safetensors', import.meta.url));

// what a configuration file says, as a value
const result = await distill(
  {
    data: { use: 'fashion-mnist-subset', batchSize: 64, augment: [{ use: 'pad-crop', pad: 2 }, 'flip'] },
    teacher: { use: 'resnet14x2', weights: teacher },
    student: 'resnet8',
    // two published terms beside the cross-entropy; the second comes in over two epochs
    distiller: [
      { use: 'projector-ensemble', projectors: 3 },
      { use: 'kd', taskWeight: 1, schedule: { use: 'linear-warmup', epochs: 2, after: 'constant' } },
    ],
    train: { epochs: Number(process.env.EPOCHS ?? 3), schedule: 'cosine' },
  },
  {
    onEvent(event) {
      if (event.type === 'step' && event.step % 20 === 1) {
        const terms = Object.entries(event.losses).map(([name, value]) => `${name} ${value.toFixed(3)}`);
        console.log(`step ${event.step}: ${terms.join(', ')}`);
      }
      if (event.type === 'epoch' && event.test !== undefined) {
        console.log(`epoch ${event.epoch}: top-1 ${(100 * event.test.top1!).toFixed(1)} %`);
      }
    },
  },
);
console.log(`wrote ${result.files.onnx}`);
