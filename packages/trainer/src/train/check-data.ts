import { LimbeckError, type OpenDataset, type Split } from '@limbeck/core';

/**
 * Looks over a data set before a run: every label must be a class.
 *
 * @throws LimbeckError BAD_DATA naming split, sample and label
 */
export function checkData({ train, test, classes }: OpenDataset): void {
  for (const [name, split] of Object.entries({ train, test })) checkLabels(name, split, classes);
}

function checkLabels(name: string, { labels, length }: Split, classes: number): void {
  if (labels.length !== length) {
    throw new LimbeckError('BAD_DATA', `the ${name} split has ${length} images and ${labels.length} labels`, {
      hint: 'do the files of images and labels belong together?',
    });
  }
  const index = labels.findIndex((label) => label < 0 || label >= classes);
  if (index < 0) return;
  throw new LimbeckError(
    'BAD_DATA',
    `label ${labels[index]} of sample ${index} in the ${name} split is outside [0, ${classes})`,
    {
      hint: `the data set says it has ${classes} classes; labels count from 0`,
      details: { split: name, index, label: labels[index], classes },
    },
  );
}
