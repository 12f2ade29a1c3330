import { readFileSync } from 'node:fs';
import type { Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import {
  add,
  evaluate,
  gradients,
  leafName,
  mul,
  program,
  type ReferenceValue,
  type Shape,
  toReference,
} from '@limbeck/graph';
import { buildDistiller, parameterRule, patternFill } from '@limbeck/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import plugin from './index.js';

/**
 * Losses and gradients of the methods' published PyTorch code (mdistiller, RepDistiller, SimKD's toolbox, ICKD, WKD), computed once in
 * float64 for features and parameters that are patterns of their names, as in the golden files. Of each gradient: its first three elements and
 * its norm.
 */
const published: Readonly<
  Record<string, { loss: number; gradients: Readonly<Record<string, readonly number[]>> }>
> = JSON.parse(readFileSync(new URL('published.json', import.meta.url), 'utf8'));

const batch = 8;
const student: Record<string, Shape> = {
  stem: [batch, 3, 8, 8],
  stage1: [batch, 3, 8, 8],
  stage2: [batch, 6, 4, 4],
  embedding: [batch, 6],
  logits: [batch, 3],
};
const teacher: Record<string, Shape> = {
  stage1: [batch, 5, 4, 4],
  'stage1.preact': [batch, 5, 4, 4],
  stage2: [batch, 8, 2, 2],
  'stage2.preact': [batch, 8, 2, 2],
  embedding: [batch, 8],
  logits: [batch, 3],
};

// FSP compares maps of equal channels
const even: typeof teacher = {
  ...student,
  stem: [batch, 3, 8, 8],
  stage1: [batch, 3, 4, 4],
  stage2: [batch, 6, 2, 2],
};

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});
afterAll(() => host.dispose());

type Phase = 'main' | 'initial';
test.each<[string, Use, Phase?, typeof teacher?]>([
  ['reviewkd', { use: 'reviewkd', weight: 1 }],
  ['semckd', { use: 'semckd', weight: 1 }],
  ['srrl', 'srrl'],
  ['ickd', { use: 'ickd', weight: 1 }],
  ['wkd-f', 'wkd-f'],
  ['ab', 'ab', 'initial'],
  ['fsp', 'fsp', 'initial', even],
  ['ft-initial', 'ft', 'initial'],
  ['ft', 'ft'],
])('%s agrees with the published code, value and gradients', (id, use, phase = 'main', taught = teacher) => {
  const built = buildDistiller(host, use, { student, teacher: taught });
  const terms = phase === 'main' ? built.losses : built.initial!.losses;
  const total = Object.values(terms)
    .map(({ weight, value }) => mul(value, weight))
    .reduce((a, b) => add(a, b));
  const { loss, gradients: expected } = published[id]!;
  // of the student's features, or of FT's parameters
  const taps = Object.keys(expected);
  const derivatives = gradients(
    total,
    taps.map(
      (name) =>
        built.student.inputs.get(`student.${name}`) ?? built.trace.variables.get(`ft.${name}`)!.tensor,
    ),
  );
  const target = program({
    name: id,
    outputs: new Map([['loss', total], ...taps.map((tap, i) => [tap, derivatives[i]!] as const)]),
  });
  const state = new Map<string, ReferenceValue>(
    target.state.map(({ name, current: { shape } }) => {
      return [name, toReference(patternFill('1', name, shape, parameterRule(name, shape)))];
    }),
  );
  const feeds = new Map<string, ReferenceValue>(
    target.inputs.map((input) => [
      leafName(input),
      toReference(patternFill('1', leafName(input), input.shape)),
    ]),
  );
  const { outputs } = evaluate(target, feeds, state);
  expect(outputs.get('loss')!.data[0]! / loss).toBeCloseTo(1, 9);
  for (const tap of taps) {
    const found = outputs.get(tap)!.data;
    const norm = Math.sqrt(found.reduce((sum, x) => sum + x * x, 0));
    const scale = expected[tap]!.at(-1)!;
    const seen = [...found.slice(0, 3), norm].map((x) => x / scale);
    expect(seen, tap).toEqual(expected[tap]!.map((x) => expect.closeTo(x / scale, 6)));
  }
});
