import { fileURLToPath } from 'node:url';

const inDemo = (name: string): string => fileURLToPath(new URL(`../demo/${name}`, import.meta.url));

/** Files that come with this package: what the demonstration trains, and what `limbeck init` starts from. */
export const bundled = {
  /** Trained by this project on all of Fashion-MNIST; its configuration and log lie beside it. */
  teacher: inDemo('teacher/teacher.safetensors'),
  /** Backbone of that teacher. */
  teacherBackbone: 'resnet14x2',
  aloneConfig: inDemo('student-alone.config.yaml'),
  distilledConfig: inDemo('student-distilled.config.yaml'),
} as const;
