import { type GradientTransform, LimbeckError, type Optimizer } from '@limbeck/core';
import {
  add,
  formatShape,
  type Graph,
  mul,
  type Program,
  program,
  sameShape,
  type Tensor,
} from '@limbeck/graph';
import {
  averageValues,
  type GradientsByRole,
  groupParameters,
  type OptimizerStep,
  type TrainedParameter,
  type Variable,
} from '@limbeck/nn';
import type { Chosen } from '../run/choices.js';
import type { UpdateRules } from '../run/update-rules.js';

/** Input that brings the decay of the weights' average in a step: []. */
export const averageDecayInput = 'average.decay';

/** Input of the program that updates weights: the mean gradient of a parameter. */
export const gradientInput = (stateName: string): string => `gradient.${stateName}`;

/** Input of the program that updates weights: the value that the batches left in a buffer. */
export const bufferInput = (stateName: string): string => `buffer.${stateName}`;

/** State in which the gradients of a step's batches are added up. */
export const accumulatorName = (stateName: string): string => `accumulated.${stateName}`;

/** From gradients to weights. */
export interface UpdatePlan {
  // biome-ignore lint/suspicious/noExplicitAny: every optimiser brings an option type of its own
  readonly optimizer: Chosen<Optimizer<any>>;
  readonly rules: UpdateRules;
  /** Factors of learning rates by state name; 1 where a name is missing. */
  readonly layerFactors: ReadonlyMap<string, number>;
  /** Buffers that are averaged with the trained parameters; undefined where no average is kept. */
  readonly averaged: ReadonlySet<string> | undefined;
}

/** What a step computes before any weight changes. */
export interface GradientPlan {
  readonly name: string;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly trained: readonly Variable[];
  /** One for each of `trained`. */
  readonly gradients: readonly Tensor[];
  /** Parts of each of `gradients`, where they are taken apart. */
  readonly byRole?: readonly GradientsByRole[] | undefined;
  /** New values of buffers, by state name. */
  readonly buffers: ReadonlyMap<string, Tensor>;
}

/** The programs of a step. */
export interface StepPrograms {
  /** Runs once a batch. */
  readonly program: Program;
  /**
   * Where several batches make a step: what runs once after them. Inputs `lr` [], `gradient.<name>` and
   * `buffer.<name>`; outputs new parameters by state name. `program` then adds gradients up in `accumulated.<name>`.
   */
  readonly update?: Program;
}

/** Joins gradients, transforms, optimiser and average, in one program or, for several batches a step, in two. */
export function stepPrograms(graph: Graph, plan: GradientPlan, update: UpdatePlan): StepPrograms {
  const { accumulate = 1 } = update.rules;
  return accumulate === 1 ? { program: wholeStep(graph, plan, update) } : splitStep(graph, plan, update);
}

function wholeStep(graph: Graph, plan: GradientPlan, update: UpdatePlan): Program {
  const { name, outputs, buffers } = plan;
  const { lr, updates } = updateOf(graph, plan, update);
  return program({ name, outputs, updates: new Map([...buffers, ...updates]), inputs: [lr] });
}

function splitStep(graph: Graph, plan: GradientPlan, update: UpdatePlan): StepPrograms {
  const { name, outputs, trained, gradients, buffers } = plan;
  const share = 1 / update.rules.accumulate!;
  const sums = trained.map(({ stateName, tensor }, i) => {
    const sum = accumulatorName(stateName);
    return [sum, add(graph.state(sum, tensor.shape), mul(gradients[i]!, share))] as const;
  });
  const { averaged = new Set() } = update;
  const left = [...buffers].filter(([buffer]) => averaged.has(buffer));
  const { lr, updates } = updateOf(
    graph,
    {
      trained,
      gradients: trained.map(({ stateName, tensor }) => graph.input(gradientInput(stateName), tensor.shape)),
      buffers: new Map(left.map(([buffer, next]) => [buffer, graph.input(bufferInput(buffer), next.shape)])),
    },
    update,
  );
  return {
    program: program({ name, outputs, updates: new Map([...buffers, ...sums]) }),
    update: program({
      name: `${name} update`,
      outputs: new Map(trained.map(({ stateName }) => [stateName, updates.get(stateName)!])),
      updates,
      inputs: [lr],
    }),
  };
}

/** New values of everything that an optimiser step changes besides buffers, by state name. */
function updateOf(
  graph: Graph,
  { trained, gradients, byRole, buffers }: Omit<GradientPlan, 'name' | 'outputs'>,
  { optimizer, rules, layerFactors, averaged }: UpdatePlan,
): { readonly lr: Tensor; readonly updates: ReadonlyMap<string, Tensor> } {
  const lr = graph.input('lr', []);
  const grouped = groupParameters(trained, gradients, rules.groups, layerFactors);
  const parameters =
    byRole === undefined ? grouped : grouped.map((one, i) => ({ ...one, byRole: byRole[i]! }));
  const transformed = transformAll(graph, parameters, rules.transforms ?? []);
  const { updates }: OptimizerStep = optimizer.contribution.update(
    transformed.parameters,
    lr,
    optimizer.options,
  );
  const changed = new Map([...transformed.updates, ...updates]);
  if (averaged === undefined) return { lr, updates: changed };
  const weights = trained.map(({ stateName }) => [stateName, updates.get(stateName)!] as const);
  const statistics = [...buffers].filter(([buffer]) => averaged.has(buffer));
  const values = [...weights, ...statistics].map(([stateName, next]) => ({ stateName, next }));
  const averages = averageValues(values, graph.input(averageDecayInput, []));
  return { lr, updates: new Map([...changed, ...averages]) };
}

/** Sends gradients through the chain. */
function transformAll(
  graph: Graph,
  parameters: readonly TrainedParameter[],
  // biome-ignore lint/suspicious/noExplicitAny: every transform brings an option type of its own
  transforms: readonly Chosen<GradientTransform<any>>[],
): { readonly parameters: readonly TrainedParameter[]; readonly updates: ReadonlyMap<string, Tensor> } {
  let current = parameters;
  const updates = new Map<string, Tensor>();
  for (const [place, { contribution, options }] of transforms.entries()) {
    const own = new Map<Tensor, string>();
    const state = (name: string, shape: readonly number[]) => {
      const stateName = `transforms.${place}.${name}`;
      const tensor = graph.state(stateName, shape);
      own.set(tensor, stateName);
      return tensor;
    };
    const given = current;
    const result = graph.scoped(`transforms.${place}.${contribution.id}`, () =>
      contribution.transform({ parameters: given, options, state }),
    );
    checkShapes(contribution.id, given, result.gradients);
    for (const { state: kept, next } of result.updates ?? []) updates.set(own.get(kept)!, next);
    current = given.map((parameter, i) => ({ ...parameter, gradient: result.gradients[i]! }));
  }
  return { parameters: current, updates };
}

function checkShapes(
  id: string,
  parameters: readonly TrainedParameter[],
  gradients: readonly Tensor[],
): void {
  if (gradients.length !== parameters.length) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `gradient transform '${id}' gives ${gradients.length} gradients for ${parameters.length} parameters`,
      { hint: 'give one for each parameter, in their order' },
    );
  }
  for (const [i, { variable }] of parameters.entries()) {
    const { shape } = gradients[i]!;
    if (sameShape(shape, variable.tensor.shape)) continue;
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `gradient transform '${id}' gives ${formatShape(shape)} for '${variable.stateName}' ${formatShape(variable.tensor.shape)}`,
      { hint: 'a gradient keeps the shape of its parameter' },
    );
  }
}
