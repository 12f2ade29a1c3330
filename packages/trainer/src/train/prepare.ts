import { type ErrorCode, LimbeckError, targetsOf } from '@limbeck/core';
import { type Program, type StateDict, sizeOf } from '@limbeck/graph';
import { requireTargetsOf } from '../evaluate/measuring.js';
import { type PlannedMetric, planMetrics } from '../evaluate/plan-metrics.js';
import { checkMemory } from '../evaluate/teacher-features.js';
import { BatchSource } from '../execute/batch-source.js';
import type { RunTeacher } from '../execute/open-teacher.js';
import { type PlannedPreparation, planPreparations } from '../execute/preparation/plan-preparations.js';
import { planCache } from '../execute/teacher-cache/plan-cache.js';
import { deployedProgram } from '../programs/deployed.js';
import { evaluatedProgram } from '../programs/evaluated.js';
import { type ImageInput, imageInputsOf } from '../programs/image-inputs.js';
import { mixedTargets } from '../programs/mixed-targets.js';
import { planStudent, type StudentPlan } from '../programs/student.js';
import { untouchedState, untrainedParameters } from '../programs/untrained.js';
import { type ModelChoice, metricName } from '../run/choices.js';
import { type Identity, identityOf } from '../run/identity.js';
import type { RunSpec } from '../run/run-spec.js';
import type { Weights } from '../run/weights.js';
import { checkOrigin, otherOptions } from '../weights/check-origin.js';
import { matchWeights } from '../weights/load.js';
import { checkData } from './check-data.js';
import { phasesOf, type RunPhase } from './phases.js';

/** A run that is checked and planned; nothing is compiled or written yet. */
export interface PreparedRun {
  readonly spec: RunSpec;
  readonly plan: StudentPlan;
  readonly source: BatchSource;
  /** Optimiser steps; batches that are too few for another one are left out. */
  readonly stepsPerEpoch: number;
  /** What its steps look at, by input: `image` and those of views. */
  readonly imageInputs: ReadonlyMap<string, ImageInput>;
  /** In the order they run, the main phase last. */
  readonly phases: readonly RunPhase[];
  /** The deployed model for a batch of images. */
  deployed(batch: number): Program;
  /** The same with the features of the student that metrics look at. */
  evaluated(batch: number): Program;
  readonly metrics: readonly PlannedMetric[];
  readonly teachers: readonly RunTeacher[];
  /** What distillers have to know of the teachers before training. */
  readonly preparations: readonly PlannedPreparation[];
  /** Of all teachers, by state name; empty where the student trains alone. */
  readonly teacherState: StateDict;
  /** Of the evaluated model, by state name, where no step of training holds it. */
  readonly untouched: StateDict;
  /**
   * What a phase starts from.
   *
   * @param known values of the phase before, by state name; those of its optimiser do not count
   */
  stateOf(phase: RunPhase, known?: StateDict): StateDict;
  readonly identity: Identity;
  readonly warnings: readonly RunWarning[];
  readonly loaded: readonly LoadedNote[];
}

/** What was done to load weights of a model, where there is something to say. */
export interface LoadedNote {
  /** What messages call the model: `teacher 'resnet32x4'`. */
  readonly model: string;
  /** The file. */
  readonly source: string;
  readonly notes: readonly string[];
}

/** Something a run does all the same. */
export interface RunWarning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/**
 * Checks data, weights and the whole definition of a run against each other.
 *
 * @throws LimbeckError of every kind that says what does not fit
 */
export function prepareRun(asked: RunSpec): PreparedRun {
  const { dataset } = asked.data;
  const { classes } = dataset;
  const kind = targetsOf(dataset.train).kind;
  const spec: RunSpec = {
    ...asked,
    data: { ...mixedTargets(kind, asked.data.batchTransforms), ...asked.data },
  };
  checkCounts(spec);
  checkData(dataset);
  const warnings: RunWarning[] = (dataset.notes ?? []).map((message) => ({ code: 'BAD_DATA', message }));
  const loaded: LoadedNote[] = [];
  const load = (
    role: string,
    choice: ModelChoice,
    variables: Parameters<typeof matchWeights>[0],
    weights: Weights,
    head?: ReadonlySet<string>,
  ) => {
    const isNewHead = head !== undefined && weights.head === 'new';
    const message = checkOrigin(weights, role, dataset, { isNewHead });
    if (message !== undefined) warnings.push({ code: 'SHAPE_MISMATCH', message });
    const others = otherOptions(weights, choice);
    if (others.length > 0) warnings.push(trainedOtherwise(weights.source, role, others));
    const { namings } = choice.backbone;
    const target = { role, classes, namings, head, mayDraw: head !== undefined };
    const { state, notes } = matchWeights(variables, weights, target);
    if (notes.length > 0) loaded.push({ model: role, source: weights.source, notes });
    return state;
  };
  for (const metric of spec.metrics) {
    for (const split of spec.evaluate.splits) requireTargetsOf(metric, targetsOf(dataset[split]).kind, split);
  }
  const plan = planStudent(spec);
  const imageInputs = imageInputsOf(spec.data.augment, plan);
  const { student } = spec;
  const teachers = spec.teachers.map((teacher, i): RunTeacher => {
    const planned = plan.teachers[i]!;
    return { spec: teacher, planned, cache: planCache(spec, { spec: teacher, planned, imageInputs }) };
  });
  const teacherState: StateDict = new Map(
    teachers.flatMap(({ spec: teacher, planned: { model } }) =>
      'foreign' in teacher
        ? []
        : [...load(`teacher '${model.id}'`, teacher, model.variables.values(), teacher.weights)],
    ),
  );
  const studentState =
    student.weights === undefined
      ? new Map()
      : load(
          `student '${student.backbone.id}'`,
          student,
          [...plan.variables.values()].filter(({ owner }) => owner === 'student'),
          student.weights,
          plan.head,
        );
  const source = new BatchSource(spec, imageInputs, [plan, ...plan.initial]);
  const stepsPerEpoch = Math.floor(source.batchesPerEpoch / plan.batches);
  if (stepsPerEpoch === 0) throw tooFewBatches(source.batchesPerEpoch, plan.batches);
  const given = [...teacherState, ...studentState];
  const deployed = (batch: number) => deployedProgram(spec, batch);
  const metrics = planMetrics(spec.metrics, spec, plan.teachers);
  checkMemory(metrics, evaluatedSamples(spec));
  const watched = studentPaths(metrics);
  const evaluated = (batch: number) => evaluatedProgram(spec, batch, watched);
  const deployment = { plan, deployed: deployed(1), loaded: new Map(given) };
  const reached = watched.size === 0 ? deployment.deployed : evaluated(1);
  const untrained = untrainedParameters(deployment);
  if (untrained.length > 0) warnings.push(deployedUntrained(untrained));
  return {
    spec,
    plan,
    teachers,
    preparations: planPreparations(spec, plan),
    source,
    stepsPerEpoch,
    imageInputs,
    phases: phasesOf(spec, plan, stepsPerEpoch),
    deployed,
    teacherState,
    evaluated,
    metrics,
    untouched: untouchedState({ ...deployment, deployed: reached }, spec.seed),
    stateOf(phase, known = new Map()) {
      const carried = [...known].filter(([name]) => plan.variables.has(name));
      return phase.plan.initialState(spec.seed, new Map([...given, ...carried]));
    },
    identity: identityOf(spec),
    warnings,
    loaded,
  };
}

/** Features of the student that metrics look at. */
const studentPaths = (metrics: readonly PlannedMetric[]): Set<string> =>
  new Set(
    metrics
      .flatMap(({ features }) => Object.values(features))
      .filter(({ of }) => of === 'student')
      .map(({ path }) => path),
  );

/** Samples of all splits that are evaluated. */
function evaluatedSamples({ data: { dataset }, evaluate: { splits, trainImages } }: RunSpec): number {
  const { test, train } = dataset;
  if (!splits.includes('train')) return test.length;
  return test.length + Math.min(train.length, trainImages ?? train.length);
}

const trainedOtherwise = (source: string, role: string, others: readonly string[]): RunWarning => ({
  code: 'WEIGHTS_MISMATCH',
  message: `${source} was trained with other options than ${role} has: ${others.join('; ')}`,
  hint: 'give the options it was trained with, unless this is meant',
});

const tooFewBatches = (available: number, wanted: number) =>
  new LimbeckError(
    'PRECONDITION',
    `an epoch has ${available} batches, and accumulate asks for ${wanted} in each optimiser step`,
    { hint: 'give a smaller accumulate or a smaller batch size' },
  );

/** As many names as a message lists. */
const listed = 10;

function deployedUntrained(names: readonly string[]): RunWarning {
  const more = names.length > listed ? ` and ${names.length - listed} more` : '';
  return {
    code: 'PRECONDITION',
    message: `the deployed model reads ${names.slice(0, listed).join(', ')}${more}, which no loss trains and no weights bring: they stay as they are drawn`,
    hint: 'add a term that reaches them, raise task.weight above 0, or start from weights: student.weights',
  };
}

/** Number of trained values of a model. */
export function parameterCount(variables: Iterable<{ kind: string; tensor: { shape: readonly number[] } }>) {
  let count = 0;
  for (const { kind, tensor } of variables) if (kind === 'parameter') count += sizeOf(tensor.shape);
  return count;
}

/** Refuses counts that a configuration's schema would refuse; code may hand over anything. */
function checkCounts(spec: RunSpec): void {
  const { epochs, evaluate, checkpoint, metrics, lr } = spec;
  const counts = {
    epochs,
    'evaluate.every': evaluate.every,
    'checkpoint.everyEpochs': checkpoint.everyEpochs,
  };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new LimbeckError('CONFIG_INVALID', `${name} is ${value}`, {
        hint: 'give a positive whole number',
      });
    }
  }
  if (!Number.isFinite(lr) || lr < 0) {
    throw new LimbeckError('CONFIG_INVALID', `lr is ${lr}`, { hint: 'give a number above 0' });
  }
  if (spec.deploy === 'best' && !checkpoint.keep.best) {
    throw new LimbeckError('CONFIG_INVALID', "deploy is 'best', but the best checkpoint is not kept", {
      hint: 'keep it, or deploy the last epoch',
    });
  }
  if (metrics.length === 0) {
    throw new LimbeckError('CONFIG_INVALID', 'there is no metric', {
      hint: "name at least one, such as 'top1': the first decides which epoch is best",
    });
  }
  const watched = spec.earlyStopping?.metric;
  const names = metrics.map(metricName);
  if (watched !== undefined && !names.includes(watched)) {
    throw new LimbeckError('CONFIG_INVALID', `earlyStopping.metric is '${watched}', which is not measured`, {
      hint: `there are: ${names.join(', ')}`,
    });
  }
}
