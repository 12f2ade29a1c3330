import type { BuildProjector, UseObject } from '@limbeck/core';
import { type Host, SampleInputs } from '@limbeck/core/host';
import {
  add,
  Graph,
  gradients,
  leafName,
  mean,
  mul,
  program,
  softmaxCrossEntropy,
  type Tensor,
  type TensorData,
} from '@limbeck/graph';
import { initialState, Scope } from '@limbeck/nn';
import { parameterRule, patternFill, type StandIn } from '@limbeck/testkit';
import { buildDistillers, type CombinedDistillation } from '@limbeck/trainer';
import { Comparison, type GoldenContext, knows, type Outcome, tolerances } from '../outcome.js';
import type { LossesFile } from './file.js';
import { type Recipe, recipeOf } from './recipes.js';
import { classifierOf, feedsOf, standInsOf } from './stand-ins.js';

/** Value and gradients of each loss, and what else a case says of its projection and prediction. */
export async function* runLosses(file: LossesFile, context: GoldenContext): AsyncGenerator<Outcome> {
  for (const [caseName, expected] of Object.entries(file.cases)) {
    const name = `losses/${caseName}`;
    const recipe = recipeOf(caseName);
    const known =
      recipe !== undefined &&
      (recipe.distiller === undefined || knows(context.host, 'distillers', recipe.distiller.use));
    if (!known) {
      yield { name, status: 'unknown', detail: `there is no loss for case '${caseName}'` };
      continue;
    }
    const comparison = new Comparison(name, tolerances.losses);
    const outputs = await computeLoss(file, recipe, Object.keys(expected.grads), context);
    comparison.compare('loss', outputs.loss, expected.loss);
    for (const [of, gradient] of Object.entries(expected.grads))
      comparison.compare(`gradient of ${of}`, outputs[of], gradient);
    for (const also of ['projected', 'prediction'] as const) {
      if (expected[also] !== undefined) comparison.compare(also, outputs[also], expected[also]);
    }
    if (expected.meanCosine !== undefined) {
      comparison.compare('meanCosine', 1 - Number(outputs.loss?.data[0]), expected.meanCosine);
    }
    yield comparison.outcome();
  }
}

async function computeLoss(
  file: LossesFile,
  recipe: Recipe,
  wanted: readonly string[],
  { backend, host }: GoldenContext,
): Promise<Readonly<Record<string, TensorData | undefined>>> {
  const graph = new Graph();
  const { student, teacher } = standInsOf(graph, file);
  const labels = graph.input('labels', [file.batch], 'int32');
  const choices = recipe.distiller === undefined ? [] : [chosen(host, recipe.distiller)];
  const { batch, classes } = file;
  const samples = new SampleInputs(graph, { batch, total: batch, classes });
  const targets = { kind: 'index', values: labels } as const;
  const source = 'the golden batch';
  const shared = { mode: 'train', student, targets, source, classes, parts: host, samples } as const;
  const context = { ...shared, teacherOf: () => teacher, studentOn: () => student };
  const built = buildDistillers(graph, choices, context);

  const terms = [...built.losses.values()].map(({ weight, value }) => mul(value, weight));
  if (recipe.task === true) {
    terms.push(mul(mean(softmaxCrossEntropy(student.logits, labels)), built.taskWeight ?? 1));
  }
  const loss = terms.reduce((a, b) => add(a, b));
  const outputs = new Map<string, Tensor>([['loss', loss]]);
  if (built.predict !== undefined) outputs.set('prediction', built.predict);
  const projected = projectedIn(built, recipe, student, teacher, host);
  if (projected !== undefined) outputs.set('projected', projected);

  const { parameters, values } = variablesIn(built, recipe, String(file.seed));
  const wantedTensors = wanted.flatMap((name) => {
    const tensor = student.inputs.get(name) ?? parameters.get(name);
    return tensor === undefined ? [] : [{ name, tensor }];
  });
  const derivatives = gradients(
    loss,
    wantedTensors.map(({ tensor }) => tensor),
  );
  for (const [i, { name }] of wantedTensors.entries()) outputs.set(name, derivatives[i]!);

  const target = program({ name: 'loss', outputs });
  const needed = (leaves: readonly Tensor[], known: Iterable<[string, TensorData]>) => {
    const names = new Set(leaves.map(leafName));
    return [...known].filter(([name]) => names.has(name));
  };
  const slots = target.state.map(({ current }) => current);
  const state = new Map(needed(slots, [...values, ...classifierOf(file, teacher)]));
  const feeds = needed(target.inputs, feedsOf(file, [student, teacher]));
  const executable = await backend.compile(target, { state });
  const fetched = await executable.step(Object.fromEntries(feeds));
  await executable.dispose();
  return fetched;
}

function chosen(host: Host, use: UseObject) {
  const { contribution: distiller, options } = host.use('distillers', use);
  return { distiller, options };
}

/** The distiller's parameters by golden name, and the values of all its variables by state name. */
function variablesIn(built: CombinedDistillation, recipe: Recipe, seed: string) {
  const parameters = new Map<string, Tensor>();
  const values = new Map<string, TensorData>();
  for (const variable of built.trace.variables.values()) {
    const { golden, pattern } = recipe.variable!(variable.name.slice(recipe.distiller!.use.length + 1));
    const { shape } = variable.tensor;
    parameters.set(golden, variable.tensor);
    if (pattern === undefined) {
      for (const [name, value] of initialState([variable], 0)) values.set(name, value);
    } else {
      const rule = parameterRule(pattern.name, shape);
      values.set(variable.stateName, patternFill(`${seed}.${pattern.seed}`, pattern.name, shape, rule));
    }
  }
  return { parameters, values };
}

/** What a case calls the projection, where there is one. */
function projectedIn(
  built: CombinedDistillation,
  recipe: Recipe,
  student: StandIn,
  teacher: StandIn,
  host: Host,
): Tensor | undefined {
  // the classifier reads the projected map, once pooled
  if (teacher.classified !== undefined) return teacher.classified.inputs[0];
  if (recipe.distiller?.use !== 'projector-ensemble') return undefined;
  // equal nodes are the same object: asking again gives what the loss compares
  const build: BuildProjector = (use, at, x, target) => {
    const { contribution, options } = host.use('projectors', use);
    return contribution.project(at, x, target, options, build);
  };
  const { options } = chosen(host, recipe.distiller);
  const ensemble = { use: 'ensemble', count: options.projectors, projector: options.projector };
  const m = new Scope(built.trace).in('projector-ensemble').in('projectors');
  return build(ensemble, m, student.embedding, teacher.embedding.shape);
}
