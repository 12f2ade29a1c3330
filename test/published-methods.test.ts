import { readFileSync } from 'node:fs';
import type { Use } from '@limbeck/core';
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
  tensorData,
  toReference,
} from '@limbeck/graph';
import projectors from '@limbeck/projectors';
import { buildDistiller, parameterRule, patternFill } from '@limbeck/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** What golden/make-methods.py computed: of each gradient its first three elements and its norm. */
const published: Readonly<
  Record<string, { loss: number; gradients: Readonly<Record<string, readonly number[]>> }>
> = JSON.parse(readFileSync(new URL('golden/methods.json', import.meta.url), 'utf8'));

let host: Host;
beforeAll(async () => {
  const plugins = [projectors, distillLogit, distillFeature, distillProjector];
  host = await createHost({ plugins: plugins.map((plugin) => ({ plugin, origin: 'here' })) });
});
afterAll(() => host.dispose());

const batch = 8;
type Taps = Readonly<Record<string, readonly number[]>>;
interface Case {
  readonly use: Use;
  readonly student: Taps;
  readonly teacher: Taps;
  /** What the logits of the case are multiplied with. */
  readonly logits?: number;
  /** Loss terms that the case leaves out. */
  readonly without?: readonly string[];
}

const transformer = { 'last-map': [6, 2, 2], 'distillation-logits': [3], embedding: [6], logits: [3] };

const cases: Readonly<Record<string, Case>> = {
  ofd: {
    use: { use: 'ofd', weight: 1, margins: 'running' },
    student: { stage1: [3, 8, 8], stage2: [6, 4, 4], embedding: [6], logits: [3] },
    teacher: {
      ...{ stage1: [5, 4, 4], 'stage1.preact': [5, 4, 4], stage2: [8, 2, 2], 'stage2.preact': [8, 2, 2] },
      ...{ embedding: [8], logits: [3] },
    },
  },
  'wkd-f-imagenet': {
    use: { use: 'wkd-f', weight: 0.02, ratio: 2, grid: 4, projector: 'bottleneck', width: 5, decay: 0 },
    student: { stage2: [6, 7, 7], embedding: [6], logits: [3] },
    teacher: { stage2: [8, 7, 7], embedding: [8], logits: [3] },
  },
  'kdsvd-positions': {
    use: { use: 'kdsvd', matrix: 'positions' },
    student: { stage1: [3, 6, 6], stage2: [4, 4, 4], embedding: [4], logits: [3] },
    teacher: { stage1: [3, 6, 6], stage2: [4, 4, 4], embedding: [4], logits: [3] },
  },
  'srd-correlation': {
    use: { use: 'srd', form: 'correlation', weight: 1, epsilon: 0, tap: 'last-map' },
    student: transformer,
    teacher: { 'last-map': [8, 3, 3], embedding: [8], logits: [3] },
  },
  'vkd-tokens': {
    use: { use: 'vkd', tap: 'last-map' },
    student: transformer,
    teacher: { 'last-map': [6, 3, 3], embedding: [6], logits: [3] },
  },
  dist: {
    use: { use: 'dist', temperature: 1 },
    student: { embedding: [4], logits: [100] },
    teacher: { embedding: [4], logits: [100] },
    logits: 30,
  },
  'norm-direction': {
    use: 'norm-direction',
    student: { embedding: [8], logits: [3] },
    teacher: { embedding: [8], logits: [3] },
  },
  mlkd: {
    use: 'mlkd',
    student: { embedding: [4], logits: [5] },
    teacher: { embedding: [4], logits: [5] },
    logits: 4,
  },
  'mlkd-standardized': {
    use: { use: 'mlkd', standardize: true, weight: 9, temperatures: [2, 3, 5, 2, 6] },
    student: { embedding: [4], logits: [5] },
    teacher: { embedding: [4], logits: [5] },
    logits: 4,
  },
  'feature-queue': {
    use: 'feature-queue',
    student: { embedding: [6], logits: [3] },
    teacher: { embedding: [8], logits: [3] },
  },
  'global-patch': {
    use: 'global-patch',
    student: { 'last-map': [6, 4, 4], embedding: [6], logits: [3] },
    teacher: { 'last-map': [8, 3, 3], embedding: [8], logits: [3] },
  },
  'global-patch-mse': {
    use: { use: 'global-patch', globalWeight: 0, patch: 'mse' },
    student: { 'last-map': [6, 4, 4], embedding: [6], logits: [3] },
    teacher: { 'last-map': [8, 3, 3], embedding: [8], logits: [3] },
  },
};

const shaped = (taps: Taps): Record<string, Shape> =>
  Object.fromEntries(Object.entries(taps).map(([tap, shape]) => [tap, [batch, ...shape]]));

/** An orthonormal projection is one already where it is the identity. */
const isProjection = (name: string) => name === 'distiller.vkd.projector.linear.weight';

test('each case of the file is tried', () => {
  expect(Object.keys(cases)).toEqual(Object.keys(published));
});

test.each(Object.entries(cases))('%s is as released, value and gradients', (id, { use, ...given }) => {
  const built = buildDistiller(host, use, { student: shaped(given.student), teacher: shaped(given.teacher) });
  const total = Object.values(built.losses)
    .map(({ weight, value }) => mul(value, weight))
    .reduce((a, b) => add(a, b));
  const { loss, gradients: expected } = published[id]!;
  const taps = Object.keys(expected);
  const inputOf = (tap: string) => {
    const name = tap.startsWith('view.strong.')
      ? tap.replace('strong.', 'strong.student.')
      : `student.${tap}`;
    return built.student.inputs.get(name) ?? built.views.get('strong')!.student.inputs.get(name)!;
  };
  const derivatives = gradients(total, taps.map(inputOf));
  const target = program({
    name: id,
    outputs: new Map([['loss', total], ...taps.map((tap, i) => [tap, derivatives[i]!] as const)]),
  });
  const fill = (name: string, shape: Shape) => {
    const isKept = /\.(margins|seen)$/.test(name);
    if (isKept) return tensorData('float32', shape);
    if (isProjection(name)) {
      const [rows, columns] = shape as [number, number];
      return tensorData(
        'float32',
        shape,
        Float32Array.from({ length: rows * columns }, (_, i) => Number(i % (columns + 1) === 0)),
      );
    }
    return patternFill('1', name, shape, parameterRule(name, shape));
  };
  const state = new Map<string, ReferenceValue>(
    target.state.map(({ name, current: { shape } }) => [name, toReference(fill(name, shape))]),
  );
  const feeds = new Map<string, ReferenceValue>(
    target.inputs.map((input) => {
      const [name, { shape }] = [leafName(input), input];
      if (name === 'labels') {
        return [
          name,
          toReference(
            tensorData(
              'int32',
              shape,
              Int32Array.from({ length: batch }, (_, i) => i % 3),
            ),
          ),
        ];
      }
      const scale = name.endsWith('.logits') ? (given.logits ?? 1) : 1;
      // multiplied in double precision, as the script does
      const { data } = toReference(patternFill('1', name, shape));
      return [name, { dtype: 'float32', shape, data: data.map((x) => scale * x) }];
    }),
  );
  const { outputs } = evaluate(target, feeds, state);
  expect(outputs.get('loss')!.data[0]! / loss).toBeCloseTo(1, 7);
  for (const tap of taps) {
    const found = outputs.get(tap)!.data;
    const norm = Math.sqrt(found.reduce((sum, x) => sum + x * x, 0));
    const scale = expected[tap]!.at(-1)!;
    const seen = [...found.slice(0, 3), norm].map((x) => x / scale);
    expect(seen, tap).toEqual(expected[tap]!.map((x) => expect.closeTo(x / scale, 6)));
  }
});
