import { defineRecipe, type PlainRun, type Recipe, type RecipeValue, type UseObject } from '@limbeck/core';
import { dataOf } from './data-sets.js';
import { methods } from './methods/index.js';
import type { Made } from './methods/method.js';
import { backboneOf } from './models.js';
import { type MethodRows, type Row, type Told, toldOf } from './rows.js';
import { trainOf } from './training.js';
import { bringNormalization, isTransformer, trainingKeys, usualOf } from './usual.js';
import { type Values, valuesOf } from './values.js';

/** Shown after the keys of the training protocol. */
const methodKeys = ['warmup', 'temperature', 'lossWeights', 'taps', 'extra'] as const;

const classes: Readonly<Record<string, number>> = {
  cifar100: 100,
  'tiny-imagenet': 200,
  imagenet: 1000,
  'fashion-mnist-subset': 10,
};

type Protocol = Readonly<Record<string, RecipeValue>>;

/** The recipe of a row. */
export function recipeOf(file: MethodRows, row: Row): Recipe {
  const { method, cite } = file;
  const { data, teacher, student, variant } = row;
  const id = `${method}/${data}/${teacher}-${student}${variant === undefined ? '' : `@${variant}`}`;
  const protocol = protocolOf(file, row);
  const made = runsOf(id, method, row, protocol);
  const { title } = methods[method] ?? { title: method };
  const { notes = [], ...runs } = made;
  const told = [...(row.notes ?? []), ...notes];
  return defineRecipe({
    id,
    description: `${title} on ${data}, ${teacher} to ${student}`,
    ...{ method, data, classes: classes[data], teacher, student, variant, cite },
    protocol,
    reports: row.reports ?? 'unknown',
    seeds: seedsOf(protocol),
    published: row.published,
    teacherTop1: row.teacherTop1,
    studentTop1: row.studentTop1,
    ...runs,
    ...(told.length === 0 ? {} : { notes: told }),
  });
}

const seedsOf = ({ seeds }: Protocol): number[] =>
  Array.isArray(seeds?.value) ? [...(seeds.value as number[])] : [1, 2, 3];

function protocolOf(file: MethodRows, row: Row): Record<string, RecipeValue> {
  const told = toldOf(file, row);
  const method = methods[file.method];
  const ours = method !== undefined && 'usual' in method ? method.usual : undefined;
  const protocol: Record<string, RecipeValue> = {};
  const isSgd = (told.get('optimizer')?.[0] ?? 'sgd') === 'sgd';
  for (const key of trainingKeys) {
    if (key === 'normalization' && bringNormalization.has(row.data)) continue;
    if (!isSgd && (key === 'momentum' || key === 'nesterov') && !told.has(key)) continue;
    protocol[key] = asValue(told.get(key)) ??
      usualOf(key, { data: row.data, student: row.student, method: file.method }) ?? {
        value: null,
        from: 'open',
      };
  }
  const isOpen = file.method !== 'student' && !told.has('lossWeights');
  for (const key of methodKeys) {
    const found = asValue(told.get(key));
    if (found !== undefined) protocol[key] = found;
    else if (isOpen && ours?.[key] !== undefined) {
      const [value, reason] = ours[key];
      protocol[key] = { value, from: 'ours', reason };
    } else if (isOpen && key === 'lossWeights') protocol[key] = { value: null, from: 'open' };
  }
  protocol.seeds = asValue(told.get('seeds')) ?? { value: [1, 2, 3], from: 'ours', reason: 'not stated' };
  protocol.reports = reportsOf(file, row);
  return protocol;
}

function asValue(told: Told | undefined): RecipeValue | undefined {
  if (told === undefined) return undefined;
  const [value, source, from = 'published'] = told;
  return from === 'ours' ? { value, from, reason: source } : { value, from, source };
}

function reportsOf({ method }: MethodRows, { reports, reportsSource, published }: Row): RecipeValue {
  if (reports === undefined) return { value: null, from: 'open' };
  if (reportsSource !== undefined) return { value: reports, from: 'published', source: reportsSource };
  return { value: reports, from: 'inferred', source: published?.source ?? method };
}

type Runs = Pick<Recipe, 'run' | 'teacherRun' | 'blocked' | 'notes'>;

/** The configurations of a row, or what is lacking. */
function runsOf(id: string, methodId: string, row: Row, protocol: Protocol): Runs {
  const method = methods[methodId];
  if (row.applicable === false)
    return { blocked: 'the method needs as many channels at every stage, which this pair has not' };
  if (method === undefined || 'blocked' in method)
    return { blocked: method?.blocked ?? `there is no method ${methodId} here` };
  const student = backboneOf(row.student, row.data);
  const teacher = backboneOf(row.teacher, row.data);
  if (student === undefined) return { blocked: `there is no backbone ${row.student} here` };
  if (teacher === undefined && row.data !== 'imagenet')
    return { blocked: `there is no backbone ${row.teacher} here` };
  const open = Object.entries(protocol).filter(([key, { from }]) => from === 'open' && key !== 'reports');
  if (open.length > 0) return { blocked: `not found at any source: ${open.map(([key]) => key).join(', ')}` };
  const values = valuesOf(id, protocol);
  const weights = values.record('lossWeights');
  if ('kdBeta' in weights || ('kdAlpha' in weights && methodId !== 'kd'))
    return { blocked: 'how torchdistill weighs kdAlpha and its other terms was not read' };
  const training = trainOf(values);
  if ('missing' in training) return { blocked: `there is no equal of ${training.missing} here` };
  return assembled(row, values, { student, teacher, train: training.train, made: method.make(values) });
}

interface Parts {
  readonly student: UseObject;
  readonly teacher: UseObject | undefined;
  readonly train: PlainRun['train'];
  readonly made: Made;
}

function assembled(row: Row, values: Values, { student, teacher, train, made }: Parts): Runs {
  const { data, missing } = dataOf(row.data, values);
  const { labelSmoothing, dropPath, ema, dropout, weightDecayOnBiasAndNorm, ...others } = values.record(
    'extra',
  ) as { labelSmoothing?: number; dropPath?: number; ema?: number; dropout?: number } & {
    weightDecayOnBiasAndNorm?: boolean;
    teacherInTrainMode?: boolean;
  };
  const isAlone = made.distillers.length === 0;
  const notes = [
    ...(made.notes ?? []),
    ...missing.map((one) => `There is no equal of ${one} here: it is left out.`),
    ...(values.list('augmentation').some((one) => one.includes('reflect'))
      ? ['The source pads by reflection; here the padding is black.']
      : []),
    ...(weightDecayOnBiasAndNorm === false
      ? ['The source spares biases and batch norms the weight decay; here all parameters have it.']
      : []),
    ...(others.teacherInTrainMode === true
      ? [
          'The source runs the teacher in training mode and restarts the optimizer at each drop; neither is done here.',
        ]
      : []),
    ...(dropout === undefined ? [] : [`The source drops ${dropout} of the last features; here none are.`]),
  ];
  const task = {
    ...(labelSmoothing ? { labelSmoothing } : {}),
    ...(made.taskWeight === undefined ? {} : { weight: made.taskWeight }),
  };
  const distillers = made.distillers.map((one) => facing(one, teacher));
  const trained = dropPath !== undefined && isTransformer(row.student) ? { ...student, dropPath } : student;
  const run: PlainRun = {
    data,
    ...(isAlone ? {} : { teacher: teacher ?? { logits: 'logits', taps: { embedding: 'embedding' } } }),
    student: trained,
    ...(isAlone ? {} : { distiller: distillers.length === 1 ? distillers[0]! : distillers }),
    ...(Object.keys(task).length === 0 ? {} : { task }),
    train: { ...train, ...(ema === undefined ? {} : { ema: { decay: ema } }) },
  };
  const brought =
    teacher === undefined && !isAlone
      ? [
          `There is no backbone ${row.teacher} here: bring it as an ONNX file with the outputs 'logits' and 'embedding'.`,
        ]
      : [];
  return {
    run,
    ...(isAlone || teacher === undefined ? {} : { teacherRun: { data, student: teacher, train } }),
    ...(notes.length + brought.length === 0 ? {} : { notes: [...notes, ...brought] }),
  };
}

/** A teacher from a file has an embedding and no stages; the student's map is pooled to meet it. */
const facing = (distiller: UseObject, teacher: UseObject | undefined): UseObject =>
  teacher === undefined && (distiller.use === 'vkd' || distiller.use === 'srd')
    ? { ...distiller, tap: 'last-map', teacherTap: 'embedding' }
    : distiller;
