import { bundled } from '../bundled.js';

/** What a new configuration is about. */
export interface Choices {
  readonly format: 'ts' | 'yaml';
  readonly data: string;
  readonly student: string;
  /** With the bundled teacher and the projector ensemble, or from the labels alone. */
  readonly teacher: boolean;
}

/** File names of new configurations. */
export const fileNames = { ts: 'limbeck.config.ts', yaml: 'limbeck.config.yaml' } as const;

/** The text of a new configuration, with comments. */
export const configText = (choices: Choices): string =>
  choices.format === 'ts' ? typescriptText(choices) : yamlText(choices);

function typescriptText({ data, student, teacher }: Choices): string {
  const distillation = `
  // The frozen model the student learns from. Paths are relative to this file.
  teacher: { use: '${bundled.teacherBackbone}', weights: './teacher.safetensors' },

  // Three projections of the student's embedding follow the teacher's embedding (arXiv:2210.15274).
  // Several methods add up: distiller: [{ use: 'projector-ensemble' }, { use: 'kd', weight: 1 }].
  distiller: { use: 'projector-ensemble', projectors: 3, weight: 25 },
`;
  return `import { defineConfig } from 'limbeck';

// \`limbeck train\` trains this; \`limbeck config explain\` says what every value means and where it comes from.
export default defineConfig({
  // \`limbeck data list\` shows the data sets there are.
  data: { use: '${data}', batchSize: 64, augment: [{ use: 'pad-crop', pad: 2 }, 'flip'] },
${teacher ? distillation : ''}
  // \`limbeck inspect\` lists the models, \`limbeck inspect ${student}\` shows the layers of one.
  student: { use: '${student}' },

  train: {
    epochs: 6,
    optimizer: { use: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    schedule: { use: 'cosine' },
    // The same seed gives the same weights, bit by bit, on the same machine.
    seed: 1,
  },

  // The best of what works here; \`limbeck doctor\` shows what that is.
  backend: 'auto',
});
`;
}

function yamlText({ data, student, teacher }: Choices): string {
  const distillation = `
# The frozen model the student learns from. Paths are relative to this file.
teacher:
  use: ${bundled.teacherBackbone}
  weights: ./teacher.safetensors

# Three projections of the student's embedding follow the teacher's embedding (arXiv:2210.15274).
# Several methods add up: write a list.
distiller:
  use: projector-ensemble
  projectors: 3
  weight: 25
`;
  return `# \`limbeck train\` trains this; \`limbeck config explain\` says what every value means and where it comes from.

# \`limbeck data list\` shows the data sets there are.
data:
  use: ${JSON.stringify(data)}
  batchSize: 64
  augment:
    - use: pad-crop
      pad: 2
    - use: flip
${teacher ? distillation : ''}
# \`limbeck inspect\` lists the models, \`limbeck inspect ${student}\` shows the layers of one.
student: ${JSON.stringify(student)}

train:
  epochs: 6
  optimizer:
    use: sgd
    lr: 0.05
    momentum: 0.9
    nesterov: true
    weightDecay: 0.0005
  schedule: cosine
  # The same seed gives the same weights, bit by bit, on the same machine.
  seed: 1

# The best of what works here; \`limbeck doctor\` shows what that is.
backend: auto
`;
}
