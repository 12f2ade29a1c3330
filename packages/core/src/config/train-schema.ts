import * as z from 'zod';
import { byContent, byValue, byValueAs, identity, irrelevant, whenSet } from './identity.js';
import { count, id, isPattern, use } from './schema-parts.js';

const parameterGroup = z.strictObject({
  match: z
    .string()
    .refine((source) => isPattern(source), 'expected a regular expression')
    .describe('Regular expression over parameter names; the first group that fits counts.'),
  lrFactor: z
    .number()
    .min(0)
    .default(1)
    .describe('Multiplies the learning rate; 0 freezes the group as `train.freeze` does.'),
  weightDecay: z.number().min(0).optional().describe("In place of the optimizer's own."),
});

/** What is said of a metric beside its options. */
export const metricSettings = z.looseObject({
  use: id.describe('Id of the metric; its options stand beside it.'),
  name: id.optional().describe('What its values are called. Absent: its id.'),
  teacher: id.optional().describe('Name of the teacher it compares with. Absent: the first one.'),
});

const metric = z
  .union([id, metricSettings])
  .transform((value) => (typeof value === 'string' ? { use: value } : value));

/** What is said of an export beside the options of its exporter. */
export const exportSettings = z.looseObject({
  use: id.describe('Id of the exporter; its options stand beside it.'),
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'expected letters, digits, `-`, `_` and `.`')
    .optional()
    .describe("Name of the file in the run's folder, without its ending. Absent: `student`."),
  normalize: z
    .boolean()
    .optional()
    .describe(
      'Whether the model normalises by itself and takes pixels from 0 to 255. Absent: false, it takes what the network sees.',
    ),
  layout: z.enum(['NCHW', 'NHWC']).optional().describe('Order of the axes of its images. Absent: NCHW.'),
  embedding: z
    .boolean()
    .optional()
    .describe('Whether it is the encoder alone, which gives embeddings. Absent: false, it gives logits.'),
  precision: z
    .enum(['float32', 'int8'])
    .optional()
    .describe('`int8` calibrates it on training images and measures it beside float32. Absent: float32.'),
  maxDrop: z
    .number()
    .min(0)
    .optional()
    .describe(
      'Points of top-1 that int8 may cost; layers stay in float32 until it costs no more. Absent: 1.',
    ),
  calibrationImages: count.optional().describe('Training images that int8 is calibrated on. Absent: 512.'),
});

const exported = z
  .union([id, exportSettings])
  .transform((value) => (typeof value === 'string' ? { use: value } : value));

const standardOptimizer = { use: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 5e-4 };

/** What is said of the optimizer beside its options. */
export const optimizerSettings = z.looseObject({
  use: id
    .optional()
    .describe("Id of the optimizer; its options stand beside it. Absent: 'sgd'.")
    .register(identity, byContent),
  lr: z
    .number()
    .positive()
    .optional()
    .describe('Learning rate at the start; the schedule multiplies it.')
    .register(identity, byValue),
  groups: z
    .array(parameterGroup)
    .default([])
    .describe('Parameters with a rate or a weight decay of their own.')
    .register(identity, byValue),
  layerDecay: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe(
      'Factor of the learning rate from each block of the student to the one before it, the classifier having 1. Absent: all have 1.',
    )
    .register(identity, byValue),
});

/** Where `use` is not written, the field's standard optimizer, changed by what is written. */
const optimizer = optimizerSettings.transform(({ use: named, lr, ...rest }, context) => {
  if (named === undefined) return { ...standardOptimizer, ...(lr === undefined ? {} : { lr }), ...rest };
  if (lr === undefined) {
    context.addIssue({ code: 'custom', path: ['lr'], message: `expected the learning rate of '${named}'` });
    return z.NEVER;
  }
  return { use: named, lr, ...rest };
});

const average = z.strictObject({
  decay: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9998)
    .describe('Share of the average that stays in an optimizer step.'),
  warmup: z
    .boolean()
    .default(true)
    .describe(
      'Start with short averages: in step t, counted from 0, the decay is at most 1 - (1 + t)^(-2/3).',
    ),
  deploy: z
    .boolean()
    .default(true)
    .describe(
      'Whether the averaged weights are those that are evaluated, choose the best epoch and are exported; else the trained ones are.',
    ),
});

/** What is measured during training, and when. */
export const evaluation = z.strictObject({
  every: count
    .default(1)
    .describe('Epochs between evaluations; the last epoch is always evaluated.')
    .register(identity, byValueAs('evaluateEvery')),
  metrics: z
    .array(metric)
    .min(1)
    .prefault(['top1'])
    .describe('The first decides which checkpoint is best.')
    .register(identity, byContent),
  splits: z
    .array(z.enum(['test', 'train']).describe('`test`, or `train`.'))
    .refine((splits) => splits.includes('test'), "expected 'test' among them, which decides what is best")
    .default(['test'])
    .describe('What is measured: `train` adds the training images as they are, without augmentation.')
    .register(identity, byContent),
  trainImages: count
    .optional()
    .describe('So many training images are measured, evenly spread. Absent: all.')
    .register(identity, byContent),
});

/** How the student is trained. */
export const train = z.strictObject({
  epochs: count.describe('Times the training images are seen.').register(identity, byValue),
  optimizer: optimizer
    .prefault({})
    .describe('Without `use`: sgd with lr 0.05, momentum 0.9, weightDecay 5e-4, changed by what is written.')
    .register(identity, byContent),
  transforms: z
    .array(use)
    .default([])
    .describe('What changes gradients on their way to the optimizer, in this order.')
    .register(identity, byContent),
  accumulate: count
    .default(1)
    .describe(
      'Batches whose mean gradient makes one optimizer step; steps, schedules and checkpoints count those.',
    )
    .register(identity, whenSet),
  ema: average
    .optional()
    .describe('Exponential moving average of the weights. Absent: none is kept.')
    .register(identity, byValue),
  freeze: z
    .array(z.string().refine((source) => isPattern(source), 'expected a regular expression'))
    .default([])
    .describe(
      "Regular expressions over names such as 'student.layer1.0.conv1.weight': what they fit is not trained, and running statistics stay.",
    )
    .register(identity, whenSet),
  schedule: use
    .prefault('constant')
    .describe("Course of the learning rate over the run, as a factor of the optimizer's.")
    .register(identity, byContent),
  seed: z
    .int()
    .min(0)
    .default(1)
    .describe('Seeds initial weights, order and augmentation.')
    .register(identity, byValue),
  evaluate: evaluation.prefault({}).register(identity, byContent),
  checkpoint: z
    .strictObject({
      everyEpochs: count.default(1).describe('Epochs between checkpoints.'),
      everySteps: count
        .optional()
        .describe('Steps between further checkpoints. Absent: none within an epoch.'),
      keep: z
        .strictObject({
          last: z
            .int()
            .min(2)
            .default(2)
            .describe('Newest checkpoints that stay; two at least, since a crash may tear one.'),
          best: z.boolean().default(true).describe('Whether the best one stays.'),
          everyEpochs: count.optional().describe('Those of every n-th epoch stay for good. Absent: none.'),
        })
        .prefault({}),
    })
    .prefault({})
    .register(identity, irrelevant),
  deploy: z
    .enum(['last', 'best'])
    .default('last')
    .describe(
      'The epoch whose student a finished run writes: the last one, or the best by the first metric. The other stays beside it.',
    )
    .register(identity, irrelevant),
  export: z
    .array(exported)
    .prefault(['onnx'])
    .refine(
      (uses) => new Set(uses.map((one) => `${one.use} ${one.name ?? ''}`)).size === uses.length,
      'an exporter is named twice, give each file a `name`',
    )
    .describe('Exporters that write the finished student, besides safetensors.')
    .register(identity, irrelevant),
  earlyStopping: z
    .strictObject({
      patience: count.describe('Epochs without a better value before training stops.'),
      metric: id.optional().describe('Absent: the first of `train.evaluate.metrics`.'),
      minDelta: z.number().min(0).default(0).describe('What counts as better, at least.'),
    })
    .optional()
    .register(identity, byValue),
});
