import { LimbeckError } from '@limbeck/core';
import type { NegativesInput } from '@limbeck/core/host';
import {
  Graph,
  leafName,
  type Program,
  type Shape,
  type StateDict,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { averagedName, initialState, Trace, type Variable } from '@limbeck/nn';
import type { StudentSpec } from '../run/run-spec.js';
import { deployedProgram } from './deployed.js';
import type { CombinedInitialPhase } from './distillation.js';
import { distillerPrefix } from './distillation.js';
import { type Objective, objectiveOf, type Term, weightOutput } from './objective.js';
import { defaultTask, taskLossOf } from './plan-task.js';
import type { AskedPreparation } from './preparations.js';
import { accumulatorName, stepPrograms } from './step-program.js';
import type { Teacher, TeacherFeature } from './teacher.js';
import { type TracedStep, traceStep } from './trace-step.js';
import { checkUpdateRules, frozenNames, layerFactorsOf } from './update-rules.js';
import { updatesWithin } from './updates.js';
import { type ViewPlan, viewInput } from './views.js';

/** Whose a traced variable is. */
export type Owner = 'student' | 'distiller' | 'teacher' | 'balancer';

/** A teacher, and what the steps need of it. */
export interface PlannedTeacher extends Pick<Teacher, 'name' | 'prefix' | 'model'> {
  /** Inputs of the programs of any phase that it gives; it may have been asked for more than they read. */
  readonly features: readonly TeacherFeature[];
}

/** A training step, ready to be compiled, and what a run needs to know about it. */
export interface StepPlan {
  /**
   * Inputs `lr` [] (in `update` where there is one), `average.decay` [] likewise where weights are averaged, and those of the following that it needs: `image` [N, C, H, W], `labels` [N] int32 or `targets` [N, classes], `teacher.<path>`
   * for each feature asked of a sole teacher, `<name>.<path>` of several, `schedule.<term>` [] for each weight that has a
   * course, `samples.*` int32; and for views `view.<name>.image` and, in front of what teachers give, `view.<name>.`.
   * Outputs `loss` [], `loss.<term>` [] unweighted, `weight.<term>` [] where a balancer decides; in the main phase
   * `logits` [N, classes] of the model that will be deployed.
   */
  readonly program: Program;
  /**
   * Changes the weights where several batches make a step, once after them; absent where `program` does so itself. Inputs
   * `lr` [], `gradient.<name>` and `buffer.<name>`, outputs new parameters by state name.
   */
  readonly update?: Program;
  /** Batches of a step. */
  readonly batches: number;
  /** Weight of each term, the task's first. */
  readonly weights: ReadonlyMap<string, number>;
  /** Terms whose weight has a course, with what is multiplied to it. */
  readonly schedules: ReadonlyMap<string, Term['schedules']>;
  /** Views of the batch the step needs, by name. */
  readonly views: ReadonlyMap<string, ViewPlan>;
  /** Draws of negatives the step needs, by input. */
  readonly negatives: ReadonlyMap<string, NegativesInput>;
  /** State names that the optimiser changes. */
  readonly trained: readonly string[];
  /**
   * First values of the programs' state under a seed; frozen values come from the teacher's state.
   *
   * @param known values to start from instead, by state name
   */
  initialState(seed: number, known?: StateDict): StateDict;
}

/** A step that is repeated before the main phase. */
export interface InitialPlan extends StepPlan {
  /** Place of the distiller it belongs to. */
  readonly place: string;
  readonly epochs: number;
  readonly trains: CombinedInitialPhase['trains'];
  /** Learning rate; default the run's. */
  readonly lr?: number;
}

/** The student's training: the step of the main phase, and those of the phases before it. */
export interface StudentPlan extends StepPlan {
  /** For the same batch size. */
  readonly teachers: readonly PlannedTeacher[];
  /** Features of the student that distillers compare, with their shapes, by path. */
  readonly taps: ReadonlyMap<string, Shape>;
  /** State-dict names of what the student's classifier is made of. */
  readonly head: ReadonlySet<string>;
  /** In the order they run. */
  readonly initial: readonly InitialPlan[];
  /** What has to be computed before training. */
  readonly preparations: readonly AskedPreparation[];
  /** Everything traced, by state name: the student's, the distillers', the balancer's and frozen ones of the teacher. */
  readonly variables: ReadonlyMap<string, Variable & { readonly owner: Owner }>;
}

/** Traces student, distillers, gradients and optimiser into one program a phase. */
export function planStudent(spec: StudentSpec): StudentPlan {
  const graph = new Graph();
  const step = traceStep(graph, spec, 'train', spec.data.batchSize, frozenNames(spec));
  const { combined, views, teachers } = step;
  const balancing = new Trace(graph, { prefix: 'balancer', mode: 'train' });
  const main = planMain(graph, spec, step, balancing);
  const initial = combined.initial.map((phase) => planInitial(graph, spec, step, phase));
  const owned = (owner: Owner, traces: readonly Trace[]) =>
    traces
      .flatMap((trace) => [...trace.variables.values()])
      .map((variable) => [variable.stateName, { ...variable, owner }] as const);
  const variables = new Map([
    ...owned('student', views.traces),
    ...owned('distiller', [combined.trace]),
    ...owned('balancer', [balancing]),
    ...owned(
      'teacher',
      teachers.map(({ frozen }) => frozen),
    ),
  ]);
  checkUpdateRules(spec, variables);
  const given = new Set([main, ...initial].flatMap((plan) => plan.program.inputs.map(leafName)));
  const finish = <T extends Omit<StepPlan, 'initialState'>>(plan: T): T & StepPlan => ({
    ...plan,
    initialState: (seed, known = new Map()) => startOf(plan, variables, seed, known),
  });
  return {
    ...finish(main),
    taps: step.taps,
    head: step.model.head,
    teachers: teachers.map(({ name, prefix, model, asked }) => ({
      name,
      prefix,
      model,
      features: asked.filter(({ input }) => given.has(input)),
    })),
    initial: initial.map((phase) => finish(phase)),
    preparations: combined.preparations,
    variables,
  };
}

type Unstarted<T> = Omit<T, 'initialState'>;

function planMain(graph: Graph, spec: StudentSpec, step: TracedStep, balancing: Trace): Unstarted<StepPlan> {
  const { model, combined, views } = step;
  const logits = combined.predict ?? model.logits;
  const terms = new Map<string, Term>([...taskTerm(spec, step, logits), ...combined.losses]);
  const candidates = trainable(spec, [...views.traces, combined.trace]);
  const balance = spec.balance && { ...spec.balance, trace: balancing };
  const { byRole } = spec.optimizer.contribution;
  if (byRole) refuseBesideParts(spec);
  const objective = objectiveOf(graph, terms, candidates, balance, { byRole });
  if (objective.trained.length === 0) {
    throw new LimbeckError(
      'PRECONDITION',
      'no parameter is trained: no loss reaches one that is not frozen',
      {
        hint: 'freeze less: train.freeze, and groups with an lrFactor of 0',
      },
    );
  }
  const traces = [...views.traces, combined.trace, balancing];
  return planOf(graph, spec, step, {
    name: 'student',
    terms,
    objective,
    traces,
    outputs: { logits },
    averaged: spec.ema && averagedBuffers(spec, views.traces),
  });
}

/** What the student learns from the targets, by its name; empty where that is nothing. */
function taskTerm(
  spec: StudentSpec,
  { targets, source, combined }: TracedStep,
  logits: Tensor,
): [string, Term][] {
  const task = spec.task ?? defaultTask;
  const { id, term } = task.contribution;
  const value = taskLossOf(task, { logits, targets, classes: spec.data.dataset.classes, source });
  if (value !== undefined) {
    const weight = spec.taskWeight ?? combined.taskWeight ?? 1;
    // a distiller may have a term of this name
    const name = combined.losses.has(term) ? `task.${term}` : term;
    return [[name, { weight, value, schedules: [], role: 'task' }]];
  }
  if (spec.taskWeight === undefined) return [];
  throw new LimbeckError(
    'PRECONDITION',
    `task.weight is ${spec.taskWeight}, but task '${id}' has no loss to be weighed`,
    { hint: 'leave task.weight out' },
  );
}

function planInitial(
  graph: Graph,
  spec: StudentSpec,
  step: TracedStep,
  phase: CombinedInitialPhase,
): Unstarted<InitialPlan> {
  const { views, combined } = step;
  const { place, losses: terms, trains, epochs, lr } = phase;
  const isOwn = (name: string) => name.startsWith(`${distillerPrefix}.${place}.`);
  const students = trains === 'extras' ? [] : views.traces;
  const candidates = [
    ...trainable(spec, students),
    ...(trains === 'student'
      ? []
      : trainable(spec, [combined.trace]).filter(({ stateName }) => isOwn(stateName))),
  ];
  const { byRole } = spec.optimizer.contribution;
  const objective = objectiveOf(graph, terms, candidates, undefined, { byRole });
  if (objective.trained.length === 0) {
    throw new LimbeckError(
      'PRECONDITION',
      `the initial phase of distiller '${place}' trains nothing: its terms reach no parameter of ${trains === 'student' ? 'the student' : 'its own'}`,
    );
  }
  const plan = planOf(graph, spec, step, {
    name: `initial phase of ${place}`,
    terms,
    objective,
    traces: [...students, combined.trace],
    isKept: (name) => !name.startsWith(`${distillerPrefix}.`) || isOwn(name),
    outputs: {},
  });
  return { ...plan, place, epochs, trains, lr };
}

/** Refuses what sees one gradient only, beside an optimiser that needs the parts of it. */
function refuseBesideParts({ optimizer, balance, transforms = [], accumulate = 1 }: StudentSpec): void {
  const beside = [
    ...(balance === undefined ? [] : [`balancer '${balance.contribution.id}'`]),
    ...transforms.map(({ contribution }) => `gradient transform '${contribution.id}'`),
    ...(accumulate === 1 ? [] : [`${accumulate} batches a step`]),
  ];
  if (beside.length === 0) return;
  throw new LimbeckError(
    'PRECONDITION',
    `optimiser '${optimizer.contribution.id}' takes the gradients of task and distillation apart, which ${beside.join(' and ')} cannot`,
    { hint: 'leave out one of them' },
  );
}

/** Parameters that are not frozen; traces of one model share theirs. */
function trainable(spec: StudentSpec, traces: readonly Trace[]): Variable[] {
  const isFrozen = frozenNames(spec) ?? (() => false);
  const parameters = traces
    .flatMap((trace) => [...trace.variables.values()])
    .filter(({ kind, stateName }) => kind === 'parameter' && !isFrozen(stateName));
  return [...new Map(parameters.map((variable) => [variable.stateName, variable])).values()];
}

/** Running statistics of the student and whatever else the deployed model reads; not what distillers remember. */
function averagedBuffers(spec: StudentSpec, students: readonly Trace[]): Set<string> {
  const own = students.flatMap(({ variables }) => [...variables.values()].map(({ stateName }) => stateName));
  return new Set([...own, ...deployedProgram(spec, 1).state.map(({ name }) => name)]);
}

/** Joins an objective and the way from its gradients to new weights into a step. */
function planOf(
  graph: Graph,
  spec: StudentSpec,
  { model, teachers, views, samples }: TracedStep,
  {
    name,
    terms,
    objective,
    traces,
    outputs: more,
    isKept = () => true,
    averaged,
  }: {
    readonly name: string;
    readonly terms: ReadonlyMap<string, Term>;
    readonly objective: Objective;
    /** Whose buffers are updated. */
    readonly traces: readonly Trace[];
    readonly outputs: Readonly<Record<string, Tensor>>;
    /** Whether a buffer may be updated, by state name. */
    readonly isKept?: (name: string) => boolean;
    /** Buffers that are averaged with the weights; undefined where no average is kept. */
    readonly averaged?: ReadonlySet<string>;
  },
): Unstarted<StepPlan> {
  const outputs = new Map<string, Tensor>([['loss', objective.total]]);
  for (const [term, { value }] of terms) outputs.set(`loss.${term}`, value);
  for (const [term, weight] of objective.decisions) outputs.set(weightOutput(term), weight);
  for (const [output, value] of Object.entries(more)) outputs.set(output, value);
  const buffers = [...updatesWithin([...outputs.values()], traces)].filter(([buffer]) => isKept(buffer));
  const { trained, gradients, byRole } = objective;
  const programs = stepPrograms(
    graph,
    { name, outputs, trained, gradients, byRole, buffers: new Map(buffers) },
    {
      optimizer: spec.optimizer,
      rules: spec,
      layerFactors: spec.layerDecay === undefined ? new Map() : layerFactorsOf(model, spec.layerDecay),
      averaged,
    },
  );
  const given = new Set(programs.program.inputs.map(leafName));
  const seen = new Set([...given].concat(teachers.flatMap(({ asked }) => imagesOf(asked, given))));
  return {
    ...programs,
    batches: spec.accumulate ?? 1,
    weights: new Map([...terms].map(([term, { weight }]) => [term, weight])),
    schedules: new Map(
      [...terms]
        .filter(([, { schedules, weight }]) => schedules.length > 0 && weight !== 0)
        .map(([term, { schedules }]) => [term, schedules]),
    ),
    views: new Map([...views.asked].filter(([view]) => seen.has(viewInput(view, 'image')))),
    negatives: new Map([...samples.asked].filter(([input]) => given.has(input))),
    trained: trained.map(({ stateName }) => stateName),
  };
}

/** Images that a teacher must look at to give what is needed of it. */
const imagesOf = (asked: readonly TeacherFeature[], needed: ReadonlySet<string>): string[] =>
  asked.filter(({ input }) => needed.has(input)).map(({ image }) => image);

function startOf(
  { program, update, trained }: Pick<StepPlan, 'program' | 'update' | 'trained'>,
  variables: StudentPlan['variables'],
  seed: number,
  known: StateDict,
): StateDict {
  const drawn = initialState(
    [...variables.values()].filter(({ owner, stateName }) => owner !== 'teacher' && !known.has(stateName)),
    seed,
  );
  const startFor = (name: string) => known.get(name) ?? drawn.get(name);
  const sums = new Set(update === undefined ? [] : trained.map(accumulatorName));
  const slots = [...program.state, ...(update?.state ?? [])].filter(({ name }) => !sums.has(name));
  return new Map(
    slots.map(({ name, current }) => {
      // an average begins as what it follows
      const value = startFor(name) ?? startFor(averagedName(name) ?? name);
      if (value === undefined && variables.get(name)?.owner === 'teacher') {
        throw new LimbeckError(
          'PRECONDITION',
          `the step keeps '${name}', so the teacher's weights must be given`,
        );
      }
      // what no model defines belongs to transforms and the optimiser, which start from zero
      return [name, value ?? tensorData('float32', current.shape)];
    }),
  );
}
