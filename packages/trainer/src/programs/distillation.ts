import {
  type Distillation,
  type Distiller,
  LimbeckError,
  type Loss,
  type LossTerm,
  type ModelView,
  type Projector,
  type Use,
} from '@limbeck/core';
import { formatShape, type Graph, type Shape, type Tensor } from '@limbeck/graph';
import { type Mode, Scope, Trace } from '@limbeck/nn';

/** A distiller with its checked options. */
export interface DistillerChoice {
  // biome-ignore lint/suspicious/noExplicitAny: every distiller brings an option type of its own
  readonly distiller: Distiller<any>;
  readonly options: unknown;
  /** Name of the teacher it compares the student with. Default: the first one. */
  readonly teacher?: string;
}

/** Finds what distillers ask for by id; the plugin host does. */
export interface Parts {
  // biome-ignore-start lint/suspicious/noExplicitAny: every contribution brings an option type of its own
  use(kind: 'projectors', use: Use): { contribution: Projector<any>; options: unknown };
  use(kind: 'losses', use: Use): { contribution: Loss<any>; options: unknown };
  // biome-ignore-end lint/suspicious/noExplicitAny: as above
}

/** Prefix of distillers' own parameters. */
export const distillerPrefix = 'distiller';

/** What all distillers of a run give together. */
export interface CombinedDistillation {
  readonly losses: ReadonlyMap<string, LossTerm>;
  readonly taskWeight: number | undefined;
  readonly predict: Tensor | undefined;
  readonly trace: Trace;
}

/** Builds every distiller into the student's graph and joins their terms. */
export function buildDistillers(
  graph: Graph,
  choices: readonly DistillerChoice[],
  context: {
    readonly mode: Mode;
    readonly student: ModelView;
    /** Whom a distiller compares the student with; `wanted` is the name it gives, undefined for the first. */
    readonly teacherOf: (distiller: string, wanted: string | undefined) => ModelView;
    readonly labels: Tensor;
    readonly classes: number;
    readonly parts: Parts;
  },
): CombinedDistillation {
  const trace = new Trace(graph, { prefix: distillerPrefix, mode: context.mode });
  const { parts, teacherOf, ...shared } = context;
  const project = (use: Use, m: Scope, x: Tensor, target: Shape): Tensor => {
    const { contribution, options } = parts.use('projectors', use);
    return m.scoped(() => contribution.project(m, x, target, options, project));
  };
  const loss = (use: Use, student: Tensor, teacher: Tensor): Tensor => {
    const { contribution, options } = parts.use('losses', use);
    return contribution.value(student, teacher, options);
  };
  const built = placesOf(choices).map(({ distiller, options, place, teacher: wanted }) => {
    const teacher = teacherOf(distiller.id, wanted);
    const m = new Scope(trace).in(place);
    const distillation = m.scoped(() => distiller.build({ ...shared, teacher, options, m, project, loss }));
    return { place, distillation };
  });
  return {
    losses: joinLosses(built),
    taskWeight: agreed(built, 'taskWeight', 'set task.weight in the configuration to decide'),
    predict: agreed(built, 'predict', 'only one distiller can say what is deployed'),
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

type Built = readonly { place: string; distillation: Distillation }[];

/** Terms by name; a name two distillers use gets the distiller's place in front. */
function joinLosses(built: Built): Map<string, LossTerm> {
  const users = new Map<string, number>();
  for (const { distillation } of built) {
    for (const name of Object.keys(distillation.losses)) users.set(name, (users.get(name) ?? 0) + 1);
  }
  const losses = new Map<string, LossTerm>();
  for (const { place, distillation } of built) {
    for (const [name, term] of Object.entries(distillation.losses)) {
      if (term.value.shape.length !== 0) {
        throw new LimbeckError(
          'SHAPE_MISMATCH',
          `loss term '${name}' of distiller '${place}' must be a scalar, not ${formatShape(term.value.shape)}`,
          { hint: 'take the mean over the batch' },
        );
      }
      losses.set(users.get(name) === 1 ? name : `${place}.${name}`, term);
    }
  }
  return losses;
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
