import { createHost, type Host } from '@limbeck/core/host';
import distillFeature from '@limbeck/distill-feature';
import distillLogit from '@limbeck/distill-logit';
import distillProjector from '@limbeck/distill-projector';
import {
  add,
  evaluate,
  gradients,
  leafName,
  mul,
  program,
  type ReferenceValue,
  type Shape,
  type Tensor,
} from '@limbeck/graph';
import projectors from '@limbeck/projectors';
import { buildDistiller, parameterRule, patternNumbers } from '@limbeck/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Numbers } from './arrays.js';
import {
  ab,
  type Formula,
  ft,
  ftParaphraser,
  invertedProjection,
  kdsvd,
  normDirection,
  ofd,
  reviewkd,
  semckd,
  srd,
  srrl,
  vkd,
  wkdF,
} from './formulas.js';

/*
 * Methods that train layers of their own and that no golden file knows, whole: value and gradients, of the student's features and of
 * those layers, against formulas in loops over plain arrays, whose gradients are differences.
 */

const batch = 8;
const classes = 3;
type Shapes = Readonly<Record<string, Shape>>;
const pair = (ours: [number, number], theirs: [number, number]): { student: Shapes; teacher: Shapes } => ({
  student: {
    stage1: [batch, 2, ours[0], ours[0]],
    stage2: [batch, 3, ours[1], ours[1]],
    embedding: [batch, 3],
    logits: [batch, classes],
  },
  teacher: {
    stage1: [batch, 3, theirs[0], theirs[0]],
    stage2: [batch, 4, theirs[1], theirs[1]],
    embedding: [batch, 4],
    logits: [batch, classes],
  },
});

let host: Host;
beforeAll(async () => {
  const plugins = [distillFeature, distillLogit, distillProjector, projectors];
  host = await createHost({ plugins: plugins.map((plugin) => ({ plugin, origin: 'here' })) });
});
afterAll(() => host.dispose());

interface Case {
  readonly formula: Formula;
  readonly shapes: { readonly student: Shapes; readonly teacher: Shapes };
  readonly phase?: 'initial';
  readonly options?: Readonly<Record<string, unknown>>;
  /** Of the method's layers, those that this phase trains; all of them unless given. */
  readonly trains?: RegExp;
}

const small = pair([4, 2], [2, 2]);
const cases: Readonly<Record<string, Case>> = {
  srrl: { formula: srrl, shapes: small },
  semckd: { formula: semckd, shapes: small },
  kdsvd: { formula: kdsvd, shapes: pair([4, 4], [4, 2]) },
  reviewkd: { formula: reviewkd, shapes: pair([4, 2], [4, 2]) },
  'ft, initial': { formula: ftParaphraser, shapes: small, phase: 'initial', trains: /paraphraser/ },
  ft: { formula: ft, shapes: pair([4, 4], [4, 2]), trains: /translator/ },
  'ab, initial': { formula: ab, shapes: pair([4, 1], [2, 2]), phase: 'initial' },
  ofd: { formula: ofd, shapes: small, options: { margins: 'running' } },
  'wkd-f': { formula: wkdF, shapes: pair([4, 4], [2, 2]) },
  srd: { formula: srd, shapes: small },
  vkd: { formula: vkd, shapes: small },
  'inverted-projection': { formula: invertedProjection, shapes: small },
  'norm-direction': { formula: normDirection, shapes: small, options: { means: 'running', dropout: 0 } },
};

/** Traces a method, fills everything with patterns, and gives what is needed to compare it. */
function traced(id: string, { shapes, phase, options, trains = /./ }: Case) {
  const built = buildDistiller(host, { use: id, ...options }, shapes);
  const terms = Object.values((phase === 'initial' ? built.initial! : built).losses);
  const loss = terms.map(({ weight, value }) => mul(value, weight)).reduce((a, b) => add(a, b));
  const own = [...built.trace.variables].filter(
    ([name, { kind }]) => kind === 'parameter' && trains.test(name),
  );
  const asked = new Map<string, Tensor>([
    ...built.student.inputs,
    ...own.map(([name, { tensor }]) => [`distiller.${name}`, tensor] as const),
  ]);
  const derivatives = gradients(loss, [...asked.values()]);
  const outputs = new Map<string, Tensor>([['loss', loss]]);
  for (const [i, name] of [...asked.keys()].entries()) outputs.set(name, derivatives[i]!);
  const target = program({ name: id, outputs });
  const filled = (name: string, shape: Shape): ReferenceValue => {
    const size = shape.reduce((a, b) => a * b, 1);
    if (name === 'labels') {
      return { shape, dtype: 'int32', data: Float64Array.from({ length: size }, (_, i) => i % classes) };
    }
    // what memories hold before they have seen anything
    const memory = /\.(margins|seen|means)$/.test(name);
    const rule = memory
      ? () => 0
      : name.startsWith('distiller.')
        ? parameterRule(name, shape)
        : (u: number) => u;
    return { shape, dtype: 'float32', data: patternNumbers('formulas', name, size).map(rule) };
  };
  const feeds = new Map(target.inputs.map((x) => [leafName(x), filled(leafName(x), x.shape)] as const));
  const state = new Map(
    target.state.map(({ name, current }) => [name, filled(name, current.shape)] as const),
  );
  const { outputs: found } = evaluate(target, feeds, state);
  return { found, asked: [...asked.keys()], values: new Map([...feeds, ...state]) };
}

/** As many elements of a tensor are moved to find a gradient by differences. */
const tried = 5;

test.each(Object.entries(cases))('%s: value and gradients are those of plain loops', (name, one) => {
  const id = name.replace(', initial', '');
  const { found, asked, values } = traced(id, one);
  const plain = new Map<string, Numbers>(
    [...values].map(([key, { shape, data }]) => [key, { shape, data: [...data] }]),
  );
  const get = (key: string): Numbers => {
    const value = plain.get(key);
    if (value === undefined)
      throw new Error(`the method reads no ${key}, only ${[...plain.keys()].join(', ')}`);
    return value;
  };
  const value = () =>
    one.formula({ feature: get, parameter: (parameter) => get(`distiller.${id}.${parameter}`) });
  expect(found.get('loss')!.data[0]! / value()).toBeCloseTo(1, 8);

  const step = 1e-5;
  // offsets before a batch norm have no gradient, only rounding
  const least = 1e-4 * value();
  for (const key of asked.filter((asked) => plain.has(asked))) {
    const before = get(key);
    const gradient = found.get(key)!.data;
    const scale = Math.max(...gradient.map(Math.abs), least);
    const every = Math.max(1, Math.floor(gradient.length / tried));
    for (let i = 0; i < gradient.length; i += every) {
      const moved = (by: number) => {
        plain.set(key, { ...before, data: before.data.with(i, before.data[i]! + by) });
        return value();
      };
      const numeric = (moved(step) - moved(-step)) / (2 * step);
      expect(gradient[i]! / scale, `${key}, element ${i}`).toBeCloseTo(numeric / scale, 4);
    }
    plain.set(key, before);
  }
});
