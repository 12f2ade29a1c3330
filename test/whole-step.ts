import type { ComputeBackend, Feeds } from '@limbeck/core/backend';
import { SampleInputs } from '@limbeck/core/host';
import { leafName, type StateDict, sizeOf, type Tensor, type TensorData, tensorData } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { exactBackend, patternFill, referenceBackend } from '@limbeck/testkit';
import { planStudent, type StepPlan, type StudentPlan, type StudentSpec, stateFor } from '@limbeck/trainer';
import { expect } from 'vitest';

/** What some steps on one batch come to. */
export interface WholeSteps {
  readonly plan: StudentPlan;
  /** The total of every step of the main phase. */
  readonly losses: readonly number[];
  /** The same of every initial phase. */
  readonly initial: readonly (readonly number[])[];
  /** Outputs of the last step that are scalars. */
  readonly outputs: Readonly<Record<string, number>>;
  /** Of the student's program after the last step. */
  readonly state: StateDict;
}

/**
 * Takes steps of every phase of a training, the initial ones first, on one batch and its views: from the same start and
 * with the same images on every backend.
 *
 * @param count steps in each phase
 */
export async function wholeSteps(
  spec: StudentSpec,
  backend: ComputeBackend,
  { count, lr }: { readonly count: number; readonly lr: number },
): Promise<WholeSteps> {
  const plan = planStudent(spec);
  const teacherState: StateDict = new Map(
    plan.teachers.flatMap(({ model }) => [...initialState(model.variables.values(), 1)]),
  );
  const feeds = { ...batchOf(spec, plan, lr), ...(await featuresOf(plan, teacherState, backend)) };
  let known = teacherState;
  const phases: number[][] = [];
  let outputs: Record<string, number> = {};
  for (const step of [...plan.initial, plan]) {
    const carried = new Map([...known].filter(([name]) => plan.variables.has(name)));
    const student = await backend.compile(step.program, { state: step.initialState(2, carried) });
    const losses: number[] = [];
    phases.push(losses);
    for (let i = 0; i < count; i++) {
      const fetches = await student.step(fitting(step, feeds));
      losses.push(Number(fetches.loss!.data[0]));
      outputs = Object.fromEntries(
        Object.entries(fetches).flatMap(([name, { shape, data }]) =>
          shape.length === 0 ? [[name, Number(data[0])]] : [],
        ),
      );
    }
    known = new Map([...known, ...(await student.readState())]);
    await student.dispose();
  }
  const kept = new Set(plan.program.state.map(({ name }) => name));
  const state = new Map([...known].filter(([name]) => kept.has(name)));
  return { plan, losses: phases.at(-1)!, initial: phases.slice(0, -1), outputs, state };
}

/** What the reference says steps come to. */
export interface ReferenceSteps extends WholeSteps {
  /** The state where nothing is rounded to float32 within a step. */
  readonly exact: StateDict;
}

/** {@link wholeSteps} on the reference interpreter. */
export async function referenceSteps(
  spec: StudentSpec,
  options: Parameters<typeof wholeSteps>[2],
): Promise<ReferenceSteps> {
  const rounded = await wholeSteps(spec, referenceBackend, options);
  const { state: exact } = await wholeSteps(spec, exactBackend, options);
  return { ...rounded, exact };
}

const largest = ({ data }: TensorData): number => Math.max(...data.map(Math.abs));

/**
 * Whether a tensor is zero but for rounding, as the gradient of a bias before batch norm is, whose parts cancel: float64
 * rounds 2^29 times as finely as float32 and leaves next to nothing of it.
 */
const isRounding = (rounded: TensorData, exact: TensorData): boolean =>
  largest(exact) < 1e-4 * largest(rounded);

/** Compares a state with the reference's value by value, each with the size of its own tensor. */
export function expectSameState(found: StateDict, { state, exact }: ReferenceSteps, backend: string): void {
  expect([...found.keys()].sort()).toEqual([...state.keys()].sort());
  for (const [name, expected] of state) {
    const theirs = found.get(name)!.data;
    const scale = Math.max(largest(expected), isRounding(expected, exact.get(name)!) ? 5e-2 : 2e-2);
    for (const [i, value] of expected.data.entries()) {
      if (!(Math.abs(theirs[i]! - value) / scale < 1e-3))
        expect.fail(`${name}[${i}] is ${theirs[i]} on ${backend}, ${value} on the reference`);
    }
  }
}

/** Images of the batch and of every view, by input. */
function imagesOf({ data: { batchSize, dataset } }: StudentSpec, plan: StudentPlan): Feeds {
  const views = [plan, ...plan.initial].flatMap((phase) => [...phase.views.keys()]);
  const names = ['image', ...new Set(views.map((view) => `view.${view}.image`))];
  return Object.fromEntries(
    names.map((name) => [name, patternFill('1', name, [batchSize, ...dataset.imageShape])]),
  );
}

function batchOf(spec: StudentSpec, plan: StudentPlan, lr: number): Feeds {
  const { batchSize, dataset } = spec.data;
  const samples = dataset.train?.length ?? batchSize;
  const indices = (shape: readonly number[], value: (i: number) => number) =>
    tensorData(
      'int32',
      shape,
      Int32Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
    );
  const scalar = (value: number) => tensorData('float32', [], Float32Array.of(value));
  const fixed: Record<string, Feeds[string]> = {
    ...imagesOf(spec, plan),
    // up and down again: some classes come twice, the first sample's is the last one's
    labels: indices([batchSize], (i) => Math.min(i, batchSize - 1 - i) % dataset.classes),
    targets: tensorData(
      'float32',
      [batchSize, dataset.classes],
      new Float32Array(batchSize * dataset.classes).fill(1 / dataset.classes),
    ),
    lr: scalar(lr),
    [SampleInputs.indexName]: indices([batchSize], (i) => (3 * i + 1) % samples),
  };
  for (const phase of [plan, ...plan.initial]) {
    for (const [name, { count }] of phase.negatives) {
      fixed[name] = indices([batchSize, count], (i) => (5 * i + 2) % samples);
    }
    for (const term of phase.schedules.keys()) fixed[`schedule.${term}`] = scalar(0.75);
  }
  return fixed;
}

/** What the teachers have to say about the batch and its views. */
async function featuresOf(plan: StudentPlan, state: StateDict, backend: ComputeBackend): Promise<Feeds> {
  const found: Record<string, Feeds[string]> = {};
  for (const { model, features } of plan.teachers) {
    for (const image of new Set(features.map((feature) => feature.image))) {
      const wanted = features.filter((feature) => feature.image === image);
      const program = model.program!(wanted.map(({ path }) => path));
      const teacher = await backend.compile(program, { state: stateFor(program, state) });
      const [pixels] = program.inputs as readonly Tensor[];
      const outputs = await teacher.step({ image: patternFill('1', image, pixels!.shape) });
      for (const { path, input } of wanted) found[input] = structuredClone(outputs[path]!);
      await teacher.dispose();
    }
  }
  return found;
}

function fitting({ program }: StepPlan, feeds: Feeds): Feeds {
  const given = new Set(program.inputs.map(leafName));
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => given.has(name)));
}
