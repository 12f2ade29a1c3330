import * as z from 'zod';
import { metricNameProblem } from '../contracts/metric-name.js';
import { isPlugin, type Plugin } from '../contracts/plugin.js';
import { teacherNameProblem } from '../contracts/teacher-name.js';
import { didYouMean } from '../suggest.js';
import { dataSchema } from './data-schema.js';
import { listOf } from './plain.js';
import { count, device, id, isPattern, precision, rename, renameRules, threads } from './schema-parts.js';
import { teacher } from './teacher-schema.js';
import { renameProblem, weights } from './weights-schema.js';

/** An id, or `{ use: id, ...options }`; a bare id becomes `{ use: id }`. */
const use = z
  .union([id, z.looseObject({ use: id.describe('Its id; options stand beside it.') })])
  .transform((value) => (typeof value === 'string' ? { use: value } : value));

const plugin = z.custom<Plugin>(isPlugin, 'expected a package name, a path or what definePlugin made');
const pluginName = z.union([id, plugin]);
const listedPlugin = z.union([pluginName, z.tuple([pluginName, z.record(z.string(), z.unknown())])]);

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

const data = dataSchema(use);

const student = z
  .looseObject({
    use: id.describe('Id of the backbone; its options stand beside it.'),
    weights: weights
      .optional()
      .describe('File to start from, or what is taken of it, as for a teacher. Absent: drawn from the seed.'),
    rename,
    init: z
      .strictObject({
        from: id.describe('Name of the teacher.'),
        layers: z
          .union([z.enum(['matching', 'every-second']), renameRules])
          .default('matching')
          .describe(
            'Which: `matching` copies what has the same name and shape; `every-second` block 2i of the teacher into block i; rules [pattern, replacement] make names of the student from those of the teacher.',
          ),
      })
      .optional()
      .describe(
        'Layers of a teacher that the student begins with; what does not fit is drawn. Absent: none, as with `weights`.',
      ),
  })
  .superRefine((given, context) => {
    if (given.init !== undefined && given.weights !== undefined) {
      context.addIssue({ code: 'custom', path: ['init'], message: 'expected `init` or `weights`, not both' });
    }
    const message = renameProblem(given);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['rename'], message });
  });

/** As `use`, with the run's own keys. */
const distiller = z
  .union([
    id,
    z.looseObject({
      use: id.describe('Id of the method; its options stand beside it.'),
      teacher: id
        .optional()
        .describe('Name of the teacher it compares the student with. Absent: the first one.'),
      schedule: use
        .optional()
        .describe(
          'Course of the weights of its terms over the run, as a factor. Absent: they stay as they are.',
        ),
    }),
  ])
  .transform((value) => (typeof value === 'string' ? { use: value } : value));

/** As `use`, with the run's own keys. */
const metric = z
  .union([
    id,
    z.looseObject({
      use: id.describe('Id of the metric; its options stand beside it.'),
      name: id.optional().describe('What its values are called. Absent: its id.'),
      teacher: id.optional().describe('Name of the teacher it compares with. Absent: the first one.'),
    }),
  ])
  .transform((value) => (typeof value === 'string' ? { use: value } : value));

const standardOptimizer = { use: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 5e-4 };

/** Where `use` is not written, the field's standard optimizer, changed by what is written. */
const optimizer = z
  .looseObject({
    use: id.optional().describe("Id of the optimizer; its options stand beside it. Absent: 'sgd'."),
    lr: z.number().positive().optional().describe('Learning rate at the start; the schedule multiplies it.'),
    groups: z
      .array(parameterGroup)
      .default([])
      .describe('Parameters with a rate or a weight decay of their own.'),
    layerDecay: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe(
        'Factor of the learning rate from each block of the student to the one before it, the classifier having 1. Absent: all have 1.',
      ),
  })
  .transform(({ use: named, lr, ...rest }, context) => {
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

const train = z.strictObject({
  epochs: count.describe('Times the training images are seen.'),
  optimizer: optimizer
    .prefault({})
    .describe('Without `use`: sgd with lr 0.05, momentum 0.9, weightDecay 5e-4, changed by what is written.'),
  transforms: z
    .array(use)
    .default([])
    .describe('What changes gradients on their way to the optimizer, in this order.'),
  accumulate: count
    .default(1)
    .describe(
      'Batches whose mean gradient makes one optimizer step; steps, schedules and checkpoints count those.',
    ),
  ema: average.optional().describe('Exponential moving average of the weights. Absent: none is kept.'),
  freeze: z
    .array(z.string().refine((source) => isPattern(source), 'expected a regular expression'))
    .default([])
    .describe(
      "Regular expressions over names such as 'student.layer1.0.conv1.weight': what they fit is not trained, and running statistics stay.",
    ),
  schedule: use
    .prefault('constant')
    .describe("Course of the learning rate over the run, as a factor of the optimizer's."),
  seed: z.int().min(0).default(1).describe('Seeds initial weights, order and augmentation.'),
  evaluate: z
    .strictObject({
      every: count.default(1).describe('Epochs between evaluations; the last epoch is always evaluated.'),
      metrics: z
        .array(metric)
        .min(1)
        .prefault(['top1'])
        .describe('The first decides which checkpoint is best.'),
      splits: z
        .array(z.enum(['test', 'train']).describe('`test`, or `train`.'))
        .refine((splits) => splits.includes('test'), "expected 'test' among them, which decides what is best")
        .default(['test'])
        .describe('What is measured: `train` adds the training images as they are, without augmentation.'),
      trainImages: count
        .optional()
        .describe('So many training images are measured, evenly spread. Absent: all.'),
    })
    .prefault({}),
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
    .prefault({}),
  deploy: z
    .enum(['last', 'best'])
    .default('last')
    .describe(
      'The epoch whose student a finished run writes: the last one, or the best by the first metric. The other stays beside it.',
    ),
  export: z
    .array(use)
    .prefault(['onnx'])
    .refine((uses) => new Set(uses.map((one) => one.use)).size === uses.length, 'an exporter is named twice')
    .describe('Exporters that write the finished student, besides safetensors.'),
  earlyStopping: z
    .strictObject({
      patience: count.describe('Epochs without a better value before training stops.'),
      metric: id.optional().describe('Absent: the first of `train.evaluate.metrics`.'),
      minDelta: z.number().min(0).default(0).describe('What counts as better, at least.'),
    })
    .optional(),
});

const task = z.looseObject({
  use: id.default('cross-entropy').describe('Id of the task; its options stand beside it.'),
  weight: z
    .number()
    .min(0)
    .optional()
    .describe('Weight of its loss. Absent: what the distillers say, else 1.'),
  balance: use
    .optional()
    .describe('What decides in every step how much each term counts. Absent: the weights as they are.'),
});

const backend = z.looseObject({
  use: id
    .default('auto')
    .describe("Id of the backend; its options stand beside it. 'auto' takes the best that works here."),
  device: device.optional().describe('Absent: the best the backend has.'),
  precision: precision.default('float32').describe('Element type the student computes in.'),
  threads: threads.optional().describe("Absent: the machine's cores."),
});

/** A run, as a configuration describes it. */
export const runSchema = z
  .strictObject({
    name: id.optional().describe('Name of the run and its folder. Absent: made from student and distiller.'),
    plugins: z
      .array(listedPlugin)
      .default([])
      .describe('Packages, paths or plugins, each alone or as [plugin, options].'),
    data: data.describe('What is learnt from.'),
    teacher: z
      .union([teacher, z.array(teacher).min(1)])
      .optional()
      .describe('The frozen model, or several by name. Absent: the student learns from the labels alone.'),
    student: student.describe('The model that is trained.'),
    distiller: z
      .union([distiller, z.array(distiller).min(1)])
      .optional()
      .describe('The method, or several added up. Absent: cross-entropy alone.'),
    task: z
      .union([id, task])
      .transform((value) => (typeof value === 'string' ? task.parse({ use: value }) : value))
      .prefault({})
      .describe(
        "What the student learns from the targets. 'none' learns from teachers alone, without labels.",
      ),
    train: train.describe('How it is trained.'),
    backend: z
      .union([id, backend])
      .transform((value) => (typeof value === 'string' ? backend.parse({ use: value }) : value))
      .prefault('auto')
      .describe('What computes.'),
  })
  .superRefine(({ train: { deploy, checkpoint }, student: { init }, teacher: taught }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (deploy === 'best' && !checkpoint.keep.best) {
      refuse(['train', 'deploy'], "'best' needs `train.checkpoint.keep.best: true`, which keeps its weights");
    }
    const names = listOf(taught).map(({ name }) => name);
    if (init === undefined || names.includes(init.from)) return;
    const hint = didYouMean(init.from, names) ?? `there are: ${names.join(', ') || 'none'}`;
    refuse(['student', 'init', 'from'], `expected the name of a teacher - ${hint}`);
  })
  .superRefine((run, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (run.distiller && !run.teacher)
      refuse(['distiller'], 'a distiller needs a teacher; add `teacher` or leave it out');
    const teachers = listOf(run.teacher);
    const names = teachers.map(({ name }) => name);
    const bad = teacherNameProblem(names);
    if (bad !== undefined) {
      const at = Array.isArray(run.teacher) ? ['teacher', String(bad.index)] : ['teacher'];
      refuse([...at, 'name'], bad.problem);
    }
    for (const [i, { teacher: wanted }] of listOf(run.distiller).entries()) {
      if (wanted === undefined || names.length === 0 || names.includes(wanted)) continue;
      const at = Array.isArray(run.distiller) ? ['distiller', String(i)] : ['distiller'];
      const hint = didYouMean(wanted, names) ?? `there are: ${names.join(', ')}`;
      refuse([...at, 'teacher'], `expected the name of a teacher - ${hint}`);
    }
    const { earlyStopping, evaluate } = run.train;
    const metrics = evaluate.metrics.map(({ use: metricId, name = metricId }) => name);
    const unclear = metricNameProblem(metrics);
    if (unclear !== undefined) {
      refuse(['train', 'evaluate', 'metrics', String(unclear.index), 'name'], unclear.problem);
    }
    for (const [i, { teacher: wanted }] of evaluate.metrics.entries()) {
      if (wanted === undefined || names.includes(wanted)) continue;
      const hint = didYouMean(wanted, names) ?? `there are: ${names.join(', ') || 'none'}`;
      const at = ['train', 'evaluate', 'metrics', String(i), 'teacher'];
      refuse(at, `expected the name of a teacher - ${hint}`);
    }
    const metric = earlyStopping?.metric;
    if (metric !== undefined && !metrics.includes(metric)) {
      refuse(
        ['train', 'earlyStopping', 'metric'],
        `expected one of train.evaluate.metrics: ${metrics.join(', ')}`,
      );
    }
  });
