import backboneResnet from '@limbeck/backbone-resnet';
import backboneShufflenet from '@limbeck/backbone-shufflenet';
import backboneVgg from '@limbeck/backbone-vgg';
import backboneWrn from '@limbeck/backbone-wrn';
import type { Executable, Fetches, ProfileEntry } from '@limbeck/core/backend';
import { createHost, SampleInputs } from '@limbeck/core/host';
import { createNegativeSampler } from '@limbeck/data';
import distillContrastive from '@limbeck/distill-contrastive';
import distillFeature from '@limbeck/distill-feature';
import distillLogit from '@limbeck/distill-logit';
import distillProjectorEnsemble from '@limbeck/distill-projector-ensemble';
import { bindState, leafName, type Program, type TensorData, tensorData } from '@limbeck/graph';
import { initialState, randomSource } from '@limbeck/nn';
import projectors from '@limbeck/projectors';
import {
  type PlannedTeacher,
  planStudent,
  type StepPlan,
  standardTraining,
  stateFor,
} from '@limbeck/trainer';
import type { Placements, RunsOn } from './placements.js';
import { randomCache } from './random-cache.js';
import type { Workload } from './workloads.js';

/** Milliseconds of one step, by part. */
export interface StepTime {
  readonly teacherMs: number;
  readonly studentMs: number;
}

/** A compiled workload that takes a step on demand. */
export interface BenchStep {
  /** Seconds to trace, lower and load the programs; int8 includes calibration on one batch. */
  readonly compileSeconds: number;
  run(): Promise<StepTime>;
  /** Where the time went, by program; needs `profile`. */
  profile(): Promise<Readonly<Record<string, readonly ProfileEntry[]>>>;
}

export interface StepOptions {
  readonly threads: number;
  readonly placements: Placements;
  /** Collect the time of each operation. */
  readonly profile?: boolean;
}

/** What the workloads are made of. */
const plugins = [
  backboneResnet,
  backboneShufflenet,
  backboneVgg,
  backboneWrn,
  projectors,
  distillFeature,
  distillLogit,
  distillContrastive,
  distillProjectorEnsemble,
  standardTraining,
];

/** Traces and compiles teacher and student of a workload, with random weights and one random batch. */
export async function prepareStep(
  workload: Workload,
  { threads, placements, profile = false }: StepOptions,
): Promise<BenchStep> {
  const { batchSize, image, classes } = workload;
  const host = await createHost({ plugins: plugins.map((plugin) => ({ plugin, origin: 'bundled' })) });
  const random = randomSource(10, 'batch');
  const shape = [batchSize, ...image];
  const pixels = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
  const labels = Int32Array.from({ length: batchSize }, () => Math.floor(random.uniform() * classes));
  const fixed: Record<string, TensorData> = {
    image: tensorData('float32', shape, pixels),
    labels: tensorData('int32', [batchSize], labels),
    lr: tensorData('float32', [], Float32Array.of(0.05)),
  };
  const started = performance.now();
  const model = (id: string) => {
    const { contribution: backbone, options } = host.use('backbones', id);
    return { backbone, options };
  };
  const chosen = workload.distiller === undefined ? [] : [host.use('distillers', workload.distiller)];
  const plan = planStudent({
    student: model(workload.student),
    teachers: [{ name: 'teacher', ...model(workload.teacher) }],
    distillers: chosen.map(({ contribution: distiller, options }) => ({ distiller, options })),
    parts: host,
    optimizer: host.use('optimizers', { use: 'sgd', momentum: 0.9, weightDecay: 5e-4 }),
    data: {
      batchSize,
      dataset: { imageShape: image, classes, train: labelled(workload) },
    },
  });
  const traced = performance.now();
  const planned = plan.teachers[0]!;
  const { teacher: teaching, student: learning } = placements;
  const state = plan.initialState(10);
  const live = teaching === 'cache' ? undefined : { ...teaching, program: frozenTeacher(planned) };
  const draw = negativesOf(plan, workload);
  const drawn = performance.now();
  const teacher =
    live === undefined
      ? cachedTeacher(planned, batchSize)
      : await liveTeacher(live, { threads, profile, image: fixed.image! });
  const student = await learning.backend.compile(plan.program, {
    threads,
    profile,
    precision: learning.precision,
    state,
  });
  // drawing millions of random weights is no part of it: a teacher's are read from a file
  const compileSeconds = (performance.now() - drawn + traced - started) / 1000;

  return {
    compileSeconds,
    async run() {
      const begin = performance.now();
      const features = await teacher.features();
      const between = performance.now();
      const handed = planned.features.map(({ path, input }) => [input, features[path]!] as const);
      await student.step({ ...fixed, ...draw(), ...Object.fromEntries(handed) });
      return { teacherMs: between - begin, studentMs: performance.now() - between };
    },
    async profile() {
      return { teacher: await teacher.profile(), student: await profileOf(student) };
    },
  };
}

/** A training split, as far as a step depends on it. */
function labelled({ batchSize, samples: length = batchSize, classes }: Workload) {
  return { length, labels: Int32Array.from({ length }, (_, i) => i % classes) };
}

/** Draws what a step contrasts its images with, as training does: anew in every step, so the time counts. */
function negativesOf({ program, negatives }: StepPlan, workload: Workload): () => Record<string, TensorData> {
  const { batchSize } = workload;
  const indices = Int32Array.from({ length: batchSize }, (_, i) => i);
  const index = tensorData('int32', [batchSize], indices);
  const isAsked = program.inputs.some((input) => leafName(input) === SampleInputs.indexName);
  const known: Record<string, TensorData> = isAsked ? { [SampleInputs.indexName]: index } : {};
  if (negatives.size === 0) return () => known;
  const sampler = createNegativeSampler(labelled(workload), 10);
  let step = 0;
  return () => {
    step++;
    const drawn = [...negatives].map(([input, { count, from }]) => {
      const data = sampler.draw(indices, { epoch: 0, step, count, from });
      return [input, tensorData('int32', [batchSize, count], data)] as const;
    });
    return { ...known, ...Object.fromEntries(drawn) };
  };
}

/** Where a step's features come from. */
interface BenchTeacher {
  /** By path. */
  features(): Promise<Fetches>;
  profile(): Promise<readonly ProfileEntry[]>;
}

/** A teacher's program with random weights in it. */
function frozenTeacher({ model, features }: PlannedTeacher): Program {
  // without anything that compares, the teacher computes all the same
  const paths = features.length === 0 ? ['embedding'] : features.map(({ path }) => path);
  const program = model.program!(paths);
  return bindState(program, stateFor(program, initialState(model.variables.values(), 10)));
}

async function liveTeacher(
  { backend, precision, program }: RunsOn & { readonly program: Program },
  { threads, profile, image }: { threads: number; profile: boolean; image: TensorData },
): Promise<BenchTeacher> {
  const executable = await backend.compile(program, {
    threads,
    profile,
    precision,
    ...(precision === 'int8' ? { calibration: { batches: [{ image }] } } : {}),
  });
  return { features: () => executable.step({ image }), profile: () => profileOf(executable) };
}

function cachedTeacher({ model, features }: PlannedTeacher, batchSize: number): BenchTeacher {
  const sizes = features.map(({ path }) => ({ path, shape: model.feature(path).shape.slice(1) }));
  const read = randomCache(sizes, batchSize);
  return { features: async () => read(), profile: async () => [] };
}

const profileOf = (executable: Executable): Promise<readonly ProfileEntry[]> =>
  executable.profile?.() ?? Promise.resolve([]);
