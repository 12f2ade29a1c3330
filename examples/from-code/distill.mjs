import { fileURLToPath } from 'node:url';
import { distill } from 'limbeck';

const teacher = fileURLToPath(
  new URL('../../packages/cli/demo/teacher/teacher.safetensors', import.meta.url),
);

const result = await distill(
  {
    data: { use: 'fashion-mnist-subset', batchSize: 64, augment: ['flip'] },
    teacher: { use: 'resnet14x2', weights: teacher },
    student: 'resnet8',
    distiller: 'projector-ensemble',
    train: { epochs: Number(process.env.EPOCHS ?? 3), schedule: 'cosine' },
  },
  {
    onEvent(event) {
      if (event.type === 'epoch')
        console.log(`epoch ${event.epoch}: top-1 ${(100 * event.test.top1).toFixed(1)} %`);
    },
  },
);
console.log(`wrote ${result.files.onnx}`);
