import { createHash } from 'node:crypto';
import { decisiveSettings } from '@limbeck/core/host';
import type { StateDict } from '@limbeck/graph';
import type { MetricChoice, ModelChoice, Placement } from './choices.js';
import { drawsOf } from './draws.js';
import type { RunSpec } from './run-spec.js';
import type { TeacherSpec } from './teacher-spec.js';

/** What decides a run's numbers, as JSON. */
export type Identity = { readonly [key: string]: unknown };

/**
 * Everything a run's numbers depend on: parts with their options, digests of weights and data, where it runs, and the settings that
 * the schema says to decide. When checkpoints are written and what is exported is left out.
 */
export function identityOf(spec: RunSpec): Identity {
  const { student, teachers, data, optimizer, schedule, evaluate } = spec;
  const [sole, ...others] = teachers;
  const identity = {
    student: { ...modelOf(student), ...startOf(student) },
    // what a sole teacher is called makes no difference
    teacher:
      others.length === 0
        ? sole && { ...teacherOf(sole), ...keptOf(sole) }
        : teachers.map((one) => ({ name: one.name, ...teacherOf(one), ...keptOf(one) })),
    distillers: spec.distillers.map(({ distiller, options, schedule: course, teacher }) => ({
      use: distiller.id,
      options,
      schedule: course && partOf(course),
      ...(others.length === 0 ? {} : { teacher: teacher ?? sole!.name }),
    })),
    data: {
      fingerprint: data.dataset.fingerprint,
      augment: data.augment.map(partOf),
      batchTransforms: data.batchTransforms?.length ? data.batchTransforms.map(partOf) : undefined,
      views: drawsOf(spec),
      ...decisiveSettings('data', data),
    },
    optimizer: partOf(optimizer),
    ...decisiveSettings('optimizer', spec),
    transforms: spec.transforms?.length ? spec.transforms.map(partOf) : undefined,
    schedule: partOf(schedule),
    metrics: spec.metrics.map(metricOf),
    task: taskOf(spec),
    ...decisiveSettings('task', { weight: spec.taskWeight }),
    balance: spec.balance && partOf(spec.balance),
    ...decisiveSettings('train', spec),
    ...decisiveSettings('evaluation', evaluate),
    evaluateTrain: evaluate.splits.includes('train') ? { images: evaluate.trainImages } : undefined,
    placement: placementOf(spec.placement),
  };
  return JSON.parse(JSON.stringify(identity));
}

/** The weights it starts from; that the classifier is among them goes without saying. */
const startOf = ({ weights }: RunSpec['student']) => ({
  weights: weights && digest(weights.tensors),
  head: weights?.head === 'new' ? weights.head : undefined,
});

/** The cross-entropy as it is goes without saying, as in runs from before there was a choice. */
function taskOf({ task }: RunSpec) {
  if (task === undefined) return undefined;
  const { use, options } = partOf(task);
  const isUsual = use === 'cross-entropy' && JSON.stringify(options) === '{"labelSmoothing":0}';
  return isUsual ? undefined : { use, options };
}

/** Its name and that of its teacher count where they are said, as in runs from before there were any. */
const metricOf = ({ name, teacher, ...metric }: MetricChoice) => ({
  ...partOf(metric),
  name,
  teacher,
});

const modelOf = ({ backbone, options }: ModelChoice) => ({ use: backbone.id, options });

/** What decides what a teacher gives. */
export const teacherOf = (teacher: TeacherSpec) => ({
  ...('foreign' in teacher
    ? { onnx: teacher.foreign.sha256, ...teacher.foreign.declaration }
    : { ...modelOf(teacher), weights: digest(teacher.weights.tensors) }),
  placement: placementOf(teacher.placement),
  ...(teacher.placement.precision === 'int8'
    ? { calibration: decisiveSettings('calibration', teacher.calibration) }
    : {}),
});

/** How what it gives is rounded on its way to the student. */
const keptOf = ({ cache }: TeacherSpec) =>
  cache === undefined
    ? {}
    : { cache: { ...decisiveSettings('teacherCache', cache), topLogits: cache.logits.top } };

/** A contribution and its options. */
export const partOf = ({ contribution, options }: { contribution: { id: string }; options: unknown }) => ({
  use: contribution.id,
  options,
});

const placementOf = ({ backend, options, device, precision, threads }: Placement) => ({
  backend: backend.id,
  options,
  device,
  precision,
  threads,
});

/** SHA-256 over names, types, shapes and bytes, whatever the order of names. */
export function digest(state: StateDict): string {
  const hash = createHash('sha256');
  for (const name of [...state.keys()].sort()) {
    const { dtype, shape, data } = state.get(name)!;
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** SHA-256 of a JSON value, whatever the order of keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** Where two JSON values differ, a line each: `optimizer.options.momentum: 0.9, now 0.8`. */
export function differences(before: unknown, now: unknown, path = ''): string[] {
  if (isTree(before) && isTree(now) && Array.isArray(before) === Array.isArray(now)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...keys].flatMap((key) =>
      differences((before as Identity)[key], (now as Identity)[key], path === '' ? key : `${path}.${key}`),
    );
  }
  return before === now ? [] : [`${path}: ${show(before)}, now ${show(now)}`];
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isRecord = (value: unknown): value is Identity => isTree(value) && !Array.isArray(value);

const show = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
