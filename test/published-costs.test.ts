import { cifarResNets } from '@limbeck/backbone-resnet';
import { completeOptions } from '@limbeck/core/host';
import { summarize } from '@limbeck/trainer';
import { expect, it } from 'vitest';

/** Multiply-accumulates in millions for one 32x32 image and 100 classes, as published beside the models. */
const published = { resnet8: 12.5, resnet8x4: 177.1, resnet32x4: 1083.0 };

it.each(Object.entries(published))('%s takes %d million multiply-accumulates', (id, millions) => {
  const backbone = cifarResNets.find((one) => one.id === id)!;
  const summary = summarize(
    { backbone, options: completeOptions(backbone) },
    { image: [3, 32, 32], classes: 100 },
  );
  expect(summary.macs / 1e6).toBeCloseTo(millions, 1);
  expect(summary.layers.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(summary.parameters);
});
