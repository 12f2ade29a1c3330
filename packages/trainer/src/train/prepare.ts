import { LimbeckError } from '@limbeck/core';
import { type Program, type StateDict, sizeOf } from '@limbeck/graph';
import { deployedProgram } from '../programs/deployed.js';
import { planStudent, type StudentPlan, type StudentSpec } from '../programs/student.js';
import type { RunSpec } from '../run-spec.js';
import { planCache } from '../teacher-cache/plan-cache.js';
import type { RunTeacher } from '../teachers/open-teacher.js';
import { checkOrigin } from '../weights/check-origin.js';
import { loadWeights } from '../weights/load.js';
import { BatchSource } from './batch-source.js';
import { checkData } from './check-data.js';
import { type Identity, identityOf } from './identity.js';
import { phasesOf, type RunPhase } from './phases.js';

/** A run that is checked and planned; nothing is compiled or written yet. */
export interface PreparedRun {
  readonly spec: RunSpec;
  readonly plan: StudentPlan;
  /** What its programs are traced from. */
  readonly students: StudentSpec;
  readonly source: BatchSource;
  /** In the order they run, the main phase last. */
  readonly phases: readonly RunPhase[];
  /** The deployed model for a batch of images. */
  deployed(batch: number): Program;
  readonly teachers: readonly RunTeacher[];
  /** Of all teachers, by state name; empty where the student trains alone. */
  readonly teacherState: StateDict;
  /**
   * What a phase starts from.
   *
   * @param known values of the phase before, by state name; those of its optimiser do not count
   */
  stateOf(phase: RunPhase, known?: StateDict): StateDict;
  readonly identity: Identity;
  readonly warnings: readonly string[];
}

/**
 * Checks data, weights and the whole definition of a run against each other.
 *
 * @throws LimbeckError of every kind that says what does not fit
 */
export function prepareRun(spec: RunSpec): PreparedRun {
  const { dataset, batchSize } = spec.data;
  const { classes, imageShape, train } = dataset;
  checkCounts(spec);
  checkData(dataset);
  const students: StudentSpec = {
    student: spec.student,
    teachers: spec.teachers,
    distillers: spec.distillers,
    parts: spec.parts,
    optimizer: spec.optimizer,
    groups: spec.groups,
    taskWeight: spec.taskWeight,
    balance: spec.balance,
    samples: train.length,
    image: [batchSize, ...imageShape],
    classes,
  };
  const warnings: string[] = [];
  const load = (
    role: string,
    variables: Parameters<typeof loadWeights>[0],
    weights: Parameters<typeof loadWeights>[1],
  ) => {
    const warning = checkOrigin(weights, role, dataset);
    if (warning !== undefined) warnings.push(warning);
    return loadWeights(variables, weights, { role, classes });
  };
  const plan = planStudent(students);
  const { student } = spec;
  const teachers = spec.teachers.map((teacher, i): RunTeacher => {
    const planned = plan.teachers[i]!;
    return { spec: teacher, planned, cache: planCache(spec, { spec: teacher, planned }) };
  });
  const teacherState: StateDict = new Map(
    teachers.flatMap(({ spec: teacher, planned: { model } }) =>
      'foreign' in teacher
        ? []
        : [...load(`teacher '${model.id}'`, model.variables.values(), teacher.weights)],
    ),
  );
  const studentState =
    student.weights === undefined
      ? new Map()
      : load(
          `student '${student.backbone.id}'`,
          [...plan.variables.values()].filter(({ owner }) => owner === 'student'),
          student.weights,
        );
  const source = new BatchSource(spec, plan);
  const given = [...teacherState, ...studentState];
  return {
    spec,
    plan,
    students,
    teachers,
    source,
    phases: phasesOf(spec, plan, source.batchesPerEpoch),
    deployed: (batch) => deployedProgram(students, batch),
    teacherState,
    stateOf(phase, known = new Map()) {
      const carried = [...known].filter(([name]) => plan.variables.has(name));
      return phase.plan.initialState(spec.seed, new Map([...given, ...carried]));
    },
    identity: identityOf(spec),
    warnings,
  };
}

/** Number of trained values of a model. */
export function parameterCount(variables: Iterable<{ kind: string; tensor: { shape: readonly number[] } }>) {
  let count = 0;
  for (const { kind, tensor } of variables) if (kind === 'parameter') count += sizeOf(tensor.shape);
  return count;
}

/** Refuses counts that a configuration's schema would refuse; code may hand over anything. */
function checkCounts({ epochs, evaluateEvery, checkpoint, metrics, lr }: RunSpec): void {
  const counts = { epochs, evaluateEvery, 'checkpoint.everyEpochs': checkpoint.everyEpochs };
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
  if (metrics.length === 0) {
    throw new LimbeckError('CONFIG_INVALID', 'there is no metric', {
      hint: "name at least one, such as 'top1': the first decides which epoch is best",
    });
  }
}
