import {
  type BatchTargets,
  type BatchView,
  type Distillation,
  type InitialPhase,
  LimbeckError,
  type LossTerm,
  type ModelView,
  type Samples,
  type Use,
  type ViewOptions,
} from '@limbeck/core';
import { readTargets } from '@limbeck/core/host';
import { formatShape, type Graph, type Shape, type Tensor } from '@limbeck/graph';
import { type Mode, Scope, Trace } from '@limbeck/nn';
import type { DistillerChoice, Parts } from '../run/choices.js';
import type { Term } from './objective.js';
import { type AskedPreparation, preparer } from './preparations.js';

/** Prefix of distillers' own parameters. */
export const distillerPrefix = 'distiller';

/** What all distillers of a run give together. */
export interface CombinedDistillation {
  readonly losses: ReadonlyMap<string, Term>;
  /** What has to be trained first, in this order. */
  readonly initial: readonly CombinedInitialPhase[];
  readonly taskWeight: number | undefined;
  readonly predict: Tensor | undefined;
  /** What has to be computed before training, in the order it was asked for. */
  readonly preparations: readonly AskedPreparation[];
  readonly trace: Trace;
}

/** An initial phase, and whose it is. */
export interface CombinedInitialPhase extends Omit<InitialPhase, 'losses'> {
  /** The distiller's place: its parameters are those below it. */
  readonly place: string;
  readonly losses: ReadonlyMap<string, Term>;
}

/** Builds every distiller into the student's graph and joins their terms. */
export function buildDistillers(
  graph: Graph,
  choices: readonly DistillerChoice[],
  context: {
    readonly mode: Mode;
    /** Which values training leaves as they are, by state name. */
    readonly frozen?: (stateName: string) => boolean;
    readonly student: ModelView;
    /**
     * Whom a distiller compares the student with; `wanted` is the name it gives, undefined for the first. `view` is what
     * both look at, undefined for the batch itself.
     */
    readonly teacherOf: (distiller: string, wanted: string | undefined, view?: string) => ModelView;
    readonly targets: BatchTargets;
    /** What messages call the samples. */
    readonly source: string;
    readonly classes: number;
    readonly parts: Parts;
    readonly samples: Samples;
    /** The student looking at a view; `place` is the distiller that asks. */
    readonly studentOn: (place: string, view: string, options: ViewOptions) => ModelView;
  },
): CombinedDistillation {
  const trace = new Trace(graph, { prefix: distillerPrefix, mode: context.mode, frozen: context.frozen });
  const { parts, teacherOf, studentOn, targets, source, frozen: _, ...shared } = context;
  const project = (use: Use, m: Scope, x: Tensor, target: Shape): Tensor => {
    const { contribution, options } = parts.use('projectors', use);
    const projected = m.scoped(() => contribution.project(m, x, target, options, project));
    // addressable by its place, as a layer is
    m.trace.recordLayer(m.path, projected);
    return projected;
  };
  const loss = (use: Use, student: Tensor, teacher: Tensor): Tensor => {
    const { contribution, options } = parts.use('losses', use);
    return contribution.value(student, teacher, options);
  };
  const preparations: AskedPreparation[] = [];
  const built = placesOf(choices).map(({ distiller, options, place, schedule, teacher: wanted }) => {
    const m = new Scope(trace).in(place);
    const view = (name: string, how: ViewOptions): BatchView => ({
      student: studentOn(place, name, how),
      teacher: teacherOf(distiller.id, wanted, name),
    });
    const reader = readTargets(distiller, targets, source);
    const prepare = preparer(m, { distiller, options, teacher: wanted }, preparations);
    const own = { teacher: teacherOf(distiller.id, wanted), options, m, project, loss, view, prepare };
    const distillation = m.scoped(() =>
      distiller.build({
        ...shared,
        ...own,
        get targets() {
          return reader.targets();
        },
        get labels() {
          return reader.labels();
        },
      }),
    );
    return { place, distillation, schedule };
  });
  return {
    losses: joinLosses(built, parts),
    initial: initialPhases(built, parts),
    taskWeight: agreed(built, 'taskWeight', 'set task.weight in the configuration to decide'),
    predict: agreed(built, 'predict', 'only one distiller can say what is deployed'),
    preparations,
    trace,
  };
}

/** The id of each distiller, numbered from the second one of a kind on. */
function placesOf(choices: readonly DistillerChoice[]): (DistillerChoice & { place: string })[] {
  const counts = new Map<string, number>();
  return choices.map((choice) => {
    const count = (counts.get(choice.distiller.id) ?? 0) + 1;
    counts.set(choice.distiller.id, count);
    return { ...choice, place: count === 1 ? choice.distiller.id : `${choice.distiller.id}-${count}` };
  });
}

type Built = readonly {
  place: string;
  distillation: Distillation;
  schedule: DistillerChoice['schedule'];
}[];

/** Terms by name; a name two distillers use gets the distiller's place in front. */
function joinLosses(built: Built, parts: Parts): Map<string, Term> {
  const users = new Map<string, number>();
  for (const { distillation } of built) {
    for (const name of Object.keys(distillation.losses)) users.set(name, (users.get(name) ?? 0) + 1);
  }
  const losses = new Map<string, Term>();
  for (const { place, distillation, schedule } of built) {
    for (const [name, term] of termsOf(place, distillation.losses, parts)) {
      const schedules = schedule === undefined ? term.schedules : [...term.schedules, schedule];
      losses.set(users.get(name) === 1 ? name : `${place}.${name}`, { ...term, schedules });
    }
  }
  return losses;
}

/** Terms with their schedules found. */
function termsOf(place: string, losses: Distillation['losses'], parts: Parts): [string, Term][] {
  return Object.entries(losses).map(([name, { weight, value, schedule }]: [string, LossTerm]) => {
    if (value.shape.length !== 0) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `loss term '${name}' of distiller '${place}' must be a scalar, not ${formatShape(value.shape)}`,
        { hint: 'take the mean over the batch' },
      );
    }
    return [
      name,
      { weight, value, schedules: schedule === undefined ? [] : [parts.use('schedules', schedule)] },
    ];
  });
}

function initialPhases(built: Built, parts: Parts): CombinedInitialPhase[] {
  const phases = built.flatMap(({ place, distillation: { initial } }) => {
    if (initial === undefined) return [];
    if (!Number.isSafeInteger(initial.epochs) || initial.epochs < 1) {
      throw new LimbeckError(
        'PRECONDITION',
        `the initial phase of distiller '${place}' takes ${initial.epochs} epochs`,
        { hint: 'give a positive whole number, or leave the phase out' },
      );
    }
    return [{ ...initial, place, losses: new Map(termsOf(place, initial.losses, parts)) }];
  });
  const [first, second] = phases.filter(({ trains }) => trains !== 'extras');
  if (second === undefined) return phases;
  throw new LimbeckError(
    'PRECONDITION',
    `distillers '${first!.place}' and '${second.place}' both train the student before the main phase, so the second would undo what the first has done`,
    { hint: 'leave one of them out, or start from weights that a run of the other gave: student.weights' },
  );
}

/** What distillers say about one thing, which must not be two different things. */
function agreed<K extends 'taskWeight' | 'predict'>(built: Built, key: K, hint: string): Distillation[K] {
  const said = built.filter(({ distillation }) => distillation[key] !== undefined);
  const [first, ...rest] = said;
  const other = rest.find(({ distillation }) => distillation[key] !== first!.distillation[key]);
  if (other !== undefined) {
    const value = (d: Distillation) => (typeof d[key] === 'number' ? ` (${d[key]})` : '');
    throw new LimbeckError(
      'PRECONDITION',
      `distillers '${first!.place}'${value(first!.distillation)} and '${other.place}'${value(other.distillation)} contradict each other about ${key}`,
      { hint },
    );
  }
  return first?.distillation[key];
}
