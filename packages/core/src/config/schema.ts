import * as z from 'zod';
import { metricNameProblem } from '../contracts/metric-name.js';
import { isPlugin, type Plugin } from '../contracts/plugin.js';
import { teacherNameProblem } from '../contracts/teacher-name.js';
import { didYouMean } from '../suggest.js';
import { data } from './data-schema.js';
import { byContent, byValueAs, identity, irrelevant } from './identity.js';
import { listOf } from './plain.js';
import { device, id, precision, rename, renameRules, threads, use } from './schema-parts.js';
import { teacher } from './teacher-schema.js';
import { train } from './train-schema.js';
import { renameProblem, weights } from './weights-schema.js';

const plugin = z.custom<Plugin>(isPlugin, 'expected a package name, a path or what definePlugin made');
const pluginName = z.union([id, plugin]);
const listedPlugin = z.union([pluginName, z.tuple([pluginName, z.record(z.string(), z.unknown())])]);

/** The model that is trained. */
export const studentSettings = z.looseObject({
  use: id.describe('Id of the backbone; its options stand beside it.').register(identity, byContent),
  weights: weights
    .optional()
    .describe('File to start from, or what is taken of it, as for a teacher. Absent: drawn from the seed.')
    .register(identity, byContent),
  rename: rename.register(identity, byContent),
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
    )
    .register(identity, byContent),
});

const student = studentSettings.superRefine((given, context) => {
  if (given.init !== undefined && given.weights !== undefined) {
    context.addIssue({ code: 'custom', path: ['init'], message: 'expected `init` or `weights`, not both' });
  }
  const message = renameProblem(given);
  if (message !== undefined) context.addIssue({ code: 'custom', path: ['rename'], message });
});

/** What is said of a distiller beside its options. */
export const distillerSettings = z.looseObject({
  use: id.describe('Id of the method; its options stand beside it.'),
  teacher: id.optional().describe('Name of the teacher it compares the student with. Absent: the first one.'),
  schedule: use
    .optional()
    .describe('Course of the weights of its terms over the run, as a factor. Absent: they stay as they are.'),
});

const distiller = z
  .union([id, distillerSettings])
  .transform((value) => (typeof value === 'string' ? { use: value } : value));

/** What is learnt from the targets. */
export const task = z.looseObject({
  use: id
    .default('cross-entropy')
    .describe('Id of the task; its options stand beside it.')
    .register(identity, byContent),
  weight: z
    .number()
    .min(0)
    .optional()
    .describe('Weight of its loss. Absent: what the distillers say, else 1.')
    .register(identity, byValueAs('taskWeight')),
  balance: use
    .optional()
    .describe('What decides in every step how much each term counts. Absent: the weights as they are.')
    .register(identity, byContent),
});

/** What computes. */
export const backend = z.looseObject({
  use: id
    .default('auto')
    .describe("Id of the backend; its options stand beside it. 'auto' takes the best that works here.")
    .register(identity, byContent),
  device: device.optional().describe('Absent: the best the backend has.').register(identity, byContent),
  precision: precision
    .default('float32')
    .describe('Element type the student computes in.')
    .register(identity, byContent),
  threads: threads.optional().describe("Absent: the machine's cores.").register(identity, byContent),
});

/** A run, as a configuration describes it. */
export const runSchema = z
  .strictObject({
    name: id
      .optional()
      .describe('Name of the run and its folder. Absent: made from student and distiller.')
      .register(identity, irrelevant),
    license: id
      .optional()
      .describe(
        'Licence of what the run makes, as SPDX names it; its files say it. Absent: they say nothing.',
      )
      .register(identity, irrelevant),
    plugins: z
      .array(listedPlugin)
      .default([])
      .describe('Packages, paths or plugins, each alone or as [plugin, options].')
      .register(identity, irrelevant),
    data: data.describe('What is learnt from.'),
    teacher: z
      .union([teacher, z.array(teacher).min(1)])
      .optional()
      .describe('The frozen model, or several by name. Absent: the student learns from the labels alone.'),
    student: student.describe('The model that is trained.'),
    distiller: z
      .union([distiller, z.array(distiller).min(1)])
      .optional()
      .describe('The method, or several added up. Absent: cross-entropy alone.')
      .register(identity, byContent),
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
