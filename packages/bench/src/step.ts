import backboneResnet from '@limbeck/backbone-resnet';
import backboneShufflenet from '@limbeck/backbone-shufflenet';
import backboneVgg from '@limbeck/backbone-vgg';
import backboneWrn from '@limbeck/backbone-wrn';
import { createHost, type Executable, type ProfileEntry } from '@limbeck/core';
import distillFeature from '@limbeck/distill-feature';
import distillLogit from '@limbeck/distill-logit';
import distillProjectorEnsemble from '@limbeck/distill-projector-ensemble';
import { bindState, type TensorData, tensorData } from '@limbeck/graph';
import { initialState, randomSource } from '@limbeck/nn';
import projectors from '@limbeck/projectors';
import { planStudent, standardTraining, stateFor } from '@limbeck/trainer';
import type { Placements } from './placements.js';
import type { Workload } from './workloads.js';

/** Milliseconds of one step, by part. */
export interface StepTime {
  readonly teacherMs: number;
  readonly studentMs: number;
}

/** A compiled workload that takes a step on demand. */
export interface BenchStep {
  /** Seconds to trace, lower and load both programs. */
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
  const { contribution: distiller, options } = host.use('distillers', workload.distiller);
  const plan = planStudent({
    student: model(workload.student),
    teachers: [{ name: 'teacher', ...model(workload.teacher) }],
    distillers: [{ distiller, options }],
    parts: host,
    optimizer: host.use('optimizers', { use: 'sgd', momentum: 0.9, weightDecay: 5e-4 }),
    image: [batchSize, ...image],
    classes,
  });
  const { model: taught, features: wanted } = plan.teachers[0]!;
  const teacherProgram = taught.program!(wanted.map(({ path }) => path));
  const weights = stateFor(teacherProgram, initialState(taught.variables.values(), 10));
  const { teacher: teaching, student: learning } = placements;
  const teacher = await teaching.backend.compile(bindState(teacherProgram, weights), {
    threads,
    profile,
    precision: teaching.precision,
    ...(teaching.precision === 'int8' ? { calibration: { batches: [{ image: fixed.image! }] } } : {}),
  });
  const student = await learning.backend.compile(plan.program, {
    threads,
    profile,
    precision: learning.precision,
    state: plan.initialState(10),
  });
  const compileSeconds = (performance.now() - started) / 1000;

  return {
    compileSeconds,
    async run() {
      const begin = performance.now();
      const features = await teacher.step({ image: fixed.image! });
      const between = performance.now();
      const handed = wanted.map(({ path, input }) => [input, features[path]!] as const);
      await student.step({ ...fixed, ...Object.fromEntries(handed) });
      return { teacherMs: between - begin, studentMs: performance.now() - between };
    },
    async profile() {
      return { teacher: await profileOf(teacher), student: await profileOf(student) };
    },
  };
}

const profileOf = (executable: Executable): Promise<readonly ProfileEntry[]> =>
  executable.profile?.() ?? Promise.resolve([]);
