import type { DistillerContext, ModelView } from '@limbeck/core';
import { add, matmul, type SampleInput, type Tensor } from '@limbeck/graph';
import { boundScope, checkGradients } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { reviewkd, srrl } from './index.js';

const batch = 4;

/** A model whose features are given. */
const viewOf = (features: Readonly<Record<string, Tensor>>, classifier?: readonly [Tensor, Tensor]) =>
  ({
    taps: Object.keys(features),
    tap: (name: string) => features[name]!,
    embedding: features.embedding,
    logits: features.logits,
    classify: (x: Tensor) => add(matmul(x, classifier![0], { transposeB: true }), classifier![1]),
  }) as unknown as ModelView;

const norm = (name: string, width: number): [string, number[]][] =>
  ['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`${name}.${part}`, [width]]);

/** Checks the gradients of terms for the student's features, and for parameters given by name and shape. */
function check(
  features: readonly SampleInput[],
  variables: readonly (readonly [string, readonly number[]])[],
  value: (features: Tensor[], m: DistillerContext<never>['m']) => Tensor,
) {
  return checkGradients(
    (...tensors) => {
      const given = variables.map(([name], i) => [name, tensors[features.length + i]!]);
      return value(
        tensors.slice(0, features.length),
        boundScope(tensors[0]!.graph, Object.fromEntries(given)),
      );
    },
    [
      ...features,
      ...variables.map(([name, shape]) => ({ shape, differentiable: !name.includes('running') })),
    ],
    { tolerance: 1e-5 },
  );
}

test('gradients of SRRL are right, those of its projection too', () => {
  const fixed = (shape: number[]): SampleInput => ({ shape, differentiable: false });
  const features = [{ shape: [batch, 3] }, fixed([batch, 4]), fixed([batch, 5]), fixed([5, 4]), fixed([5])];
  const variables = [['projector.linear.weight', [4, 3]] as const, ...norm('projector.bn', 4)];
  const reports = check(features, variables, ([ours, theirs, logits, weight, bias], m) => {
    const { losses } = srrl.build({
      student: viewOf({ embedding: ours! }),
      teacher: viewOf({ embedding: theirs!, logits: logits! }, [weight!, bias!]),
      options: { weight: 1, logitWeight: 1 },
      m,
    } as DistillerContext<{ weight: number; logitWeight: number }>);
    return add(losses.feature!.value, losses.logits!.value);
  });
  expect(reports.length).toBe(4);
});

test('gradients of the fusion of ReviewKD are right, from level to level', () => {
  const fixed = (shape: number[]): SampleInput => ({ shape, differentiable: false });
  const features = [
    { shape: [batch, 2, 4, 4] },
    { shape: [batch, 3, 2, 2] },
    { shape: [batch, 3] },
    fixed([batch, 3, 4, 4]),
    fixed([batch, 4, 2, 2]),
    fixed([batch, 4]),
  ];
  const level = (i: number, from: number, to: number): [string, number[]][] => [
    [`fusion.${i}.conv1.weight`, [2, from, 1, 1]],
    ...norm(`fusion.${i}.bn1`, 2),
    ...(i === 2
      ? []
      : ([
          [`fusion.${i}.attention.weight`, [2, 4, 1, 1]],
          [`fusion.${i}.attention.bias`, [2]],
        ] as [string, number[]][])),
    [`fusion.${i}.conv2.weight`, [to, 2, 3, 3]],
    ...norm(`fusion.${i}.bn2`, to),
  ];
  const variables = [...level(0, 2, 3), ...level(1, 3, 4), ...level(2, 3, 4)];
  const reports = check(features, variables, ([s1, s2, s, t1, t2, t], m) => {
    const options = { weight: 1, width: 2, warmup: 0, studentPreact: false };
    return reviewkd.build({
      student: viewOf({ stage1: s1!, stage2: s2!, embedding: s! }),
      teacher: viewOf({ stage1: t1!, stage2: t2!, embedding: t! }),
      options,
      m,
    } as DistillerContext<typeof options>).losses.reviewkd!.value;
  });
  expect(reports.length).toBe(3 + 3 * 6 + 2 * 2);
});
