import type { BuildProjector, ModelView } from '@limbeck/core';
import {
  add,
  Graph,
  gradients,
  mean,
  mul,
  program,
  type Shape,
  type StateDict,
  softmaxCrossEntropy,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { Scope } from '@limbeck/nn';
import { lossInputRule, parameterRule, patternFill } from '@limbeck/testkit';
import { buildDistillers } from '@limbeck/trainer';
import { z } from 'zod';
import { Comparison, type GoldenContext, knows, type Outcome, tolerances } from './outcome.js';

const value = z.union([z.number(), z.looseObject({ shape: z.array(z.number()) })]);

/** One file of losses. */
export const lossesFile = z.object({
  seed: z.union([z.number(), z.string()]),
  batch: z.number(),
  classes: z.number(),
  studentWidth: z.number(),
  teacherWidth: z.number(),
  labels: z.array(z.number()),
  cases: z.record(
    z.string(),
    z.looseObject({
      note: z.string().optional(),
      loss: z.number(),
      grads: z.record(z.string(), value),
      projected: value.optional(),
      meanCosine: z.number().optional(),
    }),
  ),
});

type File = z.infer<typeof lossesFile>;

/** How a case is built with our distillers. */
interface Recipe {
  readonly distiller: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The case's loss includes the cross-entropy and the weights. */
  readonly weighted?: boolean;
  /** Golden name and seed of a distiller's variable, from its name behind the distiller's id. */
  readonly variable?: (name: string) => {
    readonly golden: string;
    readonly seed: string;
    readonly name: string;
  };
}

const ensembleVariable = (name: string) => {
  const [, index, rest] = /^projectors\.(\d+)\.linear\.(\w+)$/.exec(name)!;
  return { golden: `projector${index}.${rest}`, seed: `proj${index}`, name: rest! };
};

const logitVariable = (name: string) => {
  const rest = name.replace('projector.linear.', '');
  return { golden: `projector.${rest}`, seed: 'logitproj', name: rest };
};

/** Recipes by the shape of a case's name; the part in brackets is the one number a name can carry. */
const recipes: readonly [RegExp, (number: number) => Recipe][] = [
  [/^kd()$/, () => ({ distiller: 'kd', options: { temperature: 4 } })],
  [/^kd-T([\d.]+)$/, (temperature) => ({ distiller: 'kd', options: { temperature } })],
  [
    /^kd-projected-logits()$/,
    () => ({
      distiller: 'kd',
      options: { temperature: 4, weight: 0.9, taskWeight: 0.1, projector: 'linear' },
      weighted: true,
      variable: logitVariable,
    }),
  ],
  [
    /^projector-ensemble-q(\d+)$/,
    (projectors) => ({
      distiller: 'projector-ensemble',
      options: { projectors },
      variable: ensembleVariable,
    }),
  ],
];

/** Value and gradients of each loss. */
export async function* runLosses(file: File, context: GoldenContext): AsyncGenerator<Outcome> {
  for (const [caseName, expected] of Object.entries(file.cases)) {
    const name = `losses/${caseName}`;
    const recipe = recipeOf(caseName);
    if (
      recipe === undefined ||
      (recipe !== 'cross-entropy' && !knows(context.host, 'distillers', recipe.distiller))
    ) {
      yield { name, status: 'unknown', detail: `there is no loss for case '${caseName}'` };
      continue;
    }
    const comparison = new Comparison(name, tolerances.losses);
    const { outputs } = await computeLoss(file, recipe, Object.keys(expected.grads), context);
    comparison.compare('loss', outputs.loss, expected.loss);
    for (const [of, gradient] of Object.entries(expected.grads))
      comparison.compare(`gradient of ${of}`, outputs[of], gradient);
    if (expected.projected !== undefined)
      comparison.compare('projected', outputs.projected, expected.projected);
    if (expected.meanCosine !== undefined) {
      comparison.compare('meanCosine', 1 - Number(outputs.loss?.data[0]), expected.meanCosine);
    }
    yield comparison.outcome();
  }
}

function recipeOf(caseName: string): Recipe | 'cross-entropy' | undefined {
  if (caseName === 'cross-entropy') return 'cross-entropy';
  for (const [pattern, make] of recipes) {
    const match = pattern.exec(caseName);
    if (match !== null) return make(Number(match[1]));
  }
  return undefined;
}

async function computeLoss(
  file: File,
  recipe: Recipe | 'cross-entropy',
  wanted: readonly string[],
  { backend, host }: GoldenContext,
) {
  const seed = String(file.seed);
  const graph = new Graph();
  const inputs = new Map<string, Tensor>();
  const input = (name: string, shape: Shape): Tensor => {
    const tensor = graph.input(name, shape);
    inputs.set(name, tensor);
    return tensor;
  };
  const view = (role: 'student' | 'teacher', width: number): ModelView => ({
    id: role,
    role,
    taps: ['embedding', 'logits'],
    tap: (path) => input(`${role}.${path}`, [file.batch, path === 'logits' ? file.classes : width]),
    get logits() {
      return input(`${role}.logits`, [file.batch, file.classes]);
    },
    get embedding() {
      return input(`${role}.embedding`, [file.batch, width]);
    },
    classify() {
      throw new Error('golden losses have no classifier');
    },
  });
  const labels = graph.input('labels', [file.batch], 'int32');
  const student = view('student', file.studentWidth);
  const crossEntropy = () => mean(softmaxCrossEntropy(student.logits, labels));

  const outputs = new Map<string, Tensor>();
  const state = new Map<string, ReturnType<typeof patternFill>>();
  const parameters = new Map<string, Tensor>();
  if (recipe === 'cross-entropy') {
    outputs.set('loss', crossEntropy());
  } else {
    const { contribution: distiller, options } = host.use('distillers', {
      use: recipe.distiller,
      ...recipe.options,
    });
    const choices = [{ distiller, options }];
    const teacher = view('teacher', file.teacherWidth);
    const built = buildDistillers(graph, choices, {
      mode: 'train',
      student,
      teacher,
      labels,
      classes: file.classes,
      parts: host,
    });
    const [term] = [...built.losses.values()];
    const weighted = () => add(mul(crossEntropy(), built.taskWeight!), mul(term!.value, term!.weight));
    outputs.set('loss', recipe.weighted ? weighted() : term!.value);
    for (const variable of built.trace.variables.values()) {
      const golden = recipe.variable!(variable.name.slice(recipe.distiller.length + 1));
      const { shape } = variable.tensor;
      state.set(
        variable.stateName,
        patternFill(`${seed}.${golden.seed}`, golden.name, shape, parameterRule(golden.name, shape)),
      );
      parameters.set(golden.golden, variable.tensor);
    }
    if (recipe.distiller === 'projector-ensemble') {
      // equal nodes are the same object: asking again gives what the loss compares
      const m = new Scope(built.trace).in('projector-ensemble').in('projectors');
      const build: BuildProjector = (use, at, x, target) => {
        const chosen = host.use('projectors', use);
        return chosen.contribution.project(at, x, target, chosen.options, build);
      };
      const ensemble = { use: 'ensemble', count: options.projectors, projector: options.projector };
      outputs.set('projected', build(ensemble, m, student.embedding, teacher.embedding.shape));
    }
  }
  const targets = wanted.flatMap((name) => {
    const tensor = inputs.get(name) ?? parameters.get(name);
    return tensor === undefined ? [] : [{ name, tensor }];
  });
  const derivatives = gradients(
    outputs.get('loss')!,
    targets.map(({ tensor }) => tensor),
  );
  for (const [i, { name }] of targets.entries()) outputs.set(name, derivatives[i]!);

  const target = program({ name: 'loss', outputs });
  const executable = await backend.compile(target, { state: state as StateDict });
  const feeds = Object.fromEntries(
    [
      ...[...inputs].map(
        ([name, { shape }]) => [name, patternFill(seed, name, shape, lossInputRule(name))] as const,
      ),
      ['labels', tensorData('int32', [file.batch], Int32Array.from(file.labels))] as const,
    ].filter(([name]) => target.inputs.some((leaf) => leaf.attributes.name === name)),
  );
  const fetched = await executable.step(feeds);
  await executable.dispose();
  return { outputs: fetched };
}
