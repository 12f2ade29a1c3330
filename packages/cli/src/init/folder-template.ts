import type { FolderChoices } from './look-at-folder.js';

/** Folder of the run that trains a teacher. */
export const teacherRun = 'runs/teacher';

/** What a configuration for a folder of pictures says besides what was found. */
export interface TemplateChoices extends FolderChoices {
  readonly format: 'ts' | 'yaml';
  /** Weights of the teacher, as they are named in the configuration; without them, one is trained first. */
  readonly weights?: string | undefined;
}

/** The text of a configuration that trains on a folder of pictures, with comments. */
export const folderConfigText = (choices: TemplateChoices): string =>
  choices.format === 'ts' ? typescriptText(choices) : yamlText(choices);

/** What was seen, for the comment above the data. */
export function describeFolder({ classes, splits, perClass: [least, most], size }: FolderChoices): string {
  const parts = Object.entries(splits).map(([name, length]) => `${length} ${name}`);
  const each = least === most ? `${least}` : `${least} to ${most}`;
  return `${classes} classes, pictures: ${parts.join(', ')}, ${each} a class in training; most about ${size[0]} x ${size[1]} pixels`;
}

const quoted = (text: string): string => JSON.stringify(text);

/** How the teacher is trained where there are no weights. */
const teacherCommand = ({ teacher }: FolderChoices): string =>
  `limbeck train --out ${teacherRun} --set student.use=${teacher}`;

function yamlText(choices: TemplateChoices): string {
  const { folder, imageSize, batchSize, evalBatchSize, validation, normalization } = choices;
  const { student, teacher, lr, weights } = choices;
  const distillation = (start: string, from: string) =>
    ['teacher:', `  use: ${teacher}`, `  weights: ${from}`, 'distiller: kd']
      .map((line) => `${start}${line}\n`)
      .join('');
  return `# \`limbeck train\` trains this, \`limbeck train --plan\` says how long it takes.
# \`limbeck config explain\` says what every value means and where it comes from.

# ${describeFolder(choices)}.
data:
  use: image-folder
  path: ${quoted(folder)}
  imageSize: ${imageSize}
  normalization: ${normalization}
  batchSize: ${batchSize}
  evalBatchSize: ${evalBatchSize}
  # Random windows and flips are the changes to training images where \`augment\` is left out.
${validation === undefined ? '' : `  # There is no split to be evaluated on: a part of every class is set aside.\n  split:\n    validation: ${validation}\n`}
# \`limbeck inspect\` lists the models.
student:
  use: ${student}

${
  weights === undefined
    ? `# A teacher that knows these classes makes the student better. Train one, then take the comments away:
#   ${teacherCommand(choices)}
${distillation('# ', `{ run: ${teacherRun} }`)}`
    : `# The frozen model the student learns from. Paths are relative to this file.\n${distillation('', quoted(weights))}`
}
train:
  epochs: 30
  optimizer:
    use: sgd
    lr: ${lr}
    momentum: 0.9
    weightDecay: 0.0005
  schedule: cosine
  # The same seed gives the same weights, bit by bit, on the same machine.
  seed: 1

# The best of what works here; \`limbeck doctor\` shows what that is.
backend: auto
`;
}

function typescriptText(choices: TemplateChoices): string {
  const { folder, imageSize, batchSize, evalBatchSize, validation, normalization } = choices;
  const { student, teacher, lr, weights } = choices;
  const distillation = (start: string, from: string) =>
    [`teacher: { use: ${quoted(teacher)}, weights: ${from} },`, "distiller: 'kd',"]
      .map((line) => `  ${start}${line}\n`)
      .join('');
  return `import { defineConfig } from 'limbeck';

// \`limbeck train\` trains this, \`limbeck train --plan\` says how long it takes.
// \`limbeck config explain\` says what every value means and where it comes from.
export default defineConfig({
  // ${describeFolder(choices)}.
  data: {
    use: 'image-folder',
    path: ${quoted(folder)},
    imageSize: ${imageSize},
    normalization: '${normalization}',
    batchSize: ${batchSize},
    evalBatchSize: ${evalBatchSize},
    // Random windows and flips are the changes to training images where \`augment\` is left out.
${validation === undefined ? '' : `    // There is no split to be evaluated on: a part of every class is set aside.\n    split: { validation: ${validation} },\n`}  },

  // \`limbeck inspect\` lists the models.
  student: { use: ${quoted(student)} },

${
  weights === undefined
    ? `  // A teacher that knows these classes makes the student better. Train one, then take the comments away:
  //   ${teacherCommand(choices)}
${distillation('// ', `{ run: './${teacherRun}' }`)}`
    : `  // The frozen model the student learns from. Paths are relative to this file.\n${distillation('', quoted(weights))}`
}
  train: {
    epochs: 30,
    optimizer: { use: 'sgd', lr: ${lr}, momentum: 0.9, weightDecay: 5e-4 },
    schedule: { use: 'cosine' },
    // The same seed gives the same weights, bit by bit, on the same machine.
    seed: 1,
  },

  // The best of what works here; \`limbeck doctor\` shows what that is.
  backend: 'auto',
});
`;
}
