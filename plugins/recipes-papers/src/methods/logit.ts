import type { UseObject } from '@limbeck/core';
import type { Values } from '../values.js';
import { extra, kdOf, type Method, riseOf, rising, weight } from './method.js';

const repDistiller =
  'not stated; RepDistiller trains KD so (HobbitLong/RepDistiller:scripts/run_cifar_distill.sh)';
const mdistiller =
  "not stated; the default of mdistiller's configuration (megvii-research/mdistiller:mdistiller/engine/cfg.py)";
const distRelease = "not stated; DIST's own CIFAR-100 protocol (hunto/DIST_KD)";
const ttmExample =
  'not in the repository for this pair; as for vgg13-vgg8, the only pair it tells (zkxufo/TTM:README.md)';

/** `ce` and `kd`, or torchdistill's `kdAlpha`, the share of the cross-entropy. */
function shares(values: Values): [ce: number, kd: number] {
  const { kdAlpha } = values.record('lossWeights') as { kdAlpha?: number };
  if (kdAlpha !== undefined) return [kdAlpha, 1 - kdAlpha];
  return [weight(values, 'ce', 1), weight(values, 'kd')];
}

export const dkdOf = (values: Values): UseObject => ({
  use: 'dkd',
  alpha: weight(values, 'alpha'),
  beta: weight(values, 'beta'),
  temperature: values.number('temperature'),
  warmup: riseOf(values),
});

export const distOf = (values: Values): UseObject => ({
  use: 'dist',
  inter: weight(values, 'dist') * weight(values, 'beta', 1),
  intra: weight(values, 'dist') * weight(values, 'gamma', 1),
  temperature: values.number('temperature'),
});

const wttmOf = (values: Values): UseObject => ({
  use: 'wttm',
  weight: weight(values, 'wttm'),
  exponent: extra(values, 'powerExponent'),
});

/** Methods that compare predictions. */
export const logitMethods: Readonly<Record<string, Method>> = {
  student: { title: 'the student alone', make: () => ({ distillers: [] }) },
  kd: {
    title: 'KD',
    usual: {
      lossWeights: [{ ce: 0.1, kd: 0.9 }, repDistiller],
      temperature: [4, repDistiller],
    },
    make(values) {
      return { distillers: [kdOf(values, ...shares(values))] };
    },
  },
  dkd: {
    title: 'DKD',
    usual: {
      lossWeights: [{ ce: 1, alpha: 1, beta: 8 }, mdistiller],
      temperature: [4, mdistiller],
      warmup: [{ kind: 'distillation loss', epochs: 20, shape: 'linear' }, mdistiller],
    },
    make: (values) => ({ distillers: [dkdOf(values)] }),
  },
  dist: {
    title: 'DIST',
    usual: {
      lossWeights: [{ ce: 1, dist: 2, beta: 1, gamma: 1 }, distRelease],
      temperature: [4, distRelease],
    },
    make: (values) => ({ distillers: [distOf(values)] }),
  },
  'kd-ls': {
    title: 'KD with logit standardisation',
    make: (values) => ({
      distillers: [
        {
          use: 'logit-standardization',
          weight: weight(values, 'kd'),
          taskWeight: weight(values, 'ce'),
          temperature: values.number('temperature'),
        },
      ],
    }),
  },
  'dkd-ls': {
    title: 'DKD with logit standardisation',
    make: (values) => ({ distillers: [{ ...dkdOf(values), standardize: true }] }),
  },
  ttm: {
    title: 'TTM',
    usual: { lossWeights: [{ ce: 1, ttm: 45 }, ttmExample], extra: [{ powerExponent: 0.1 }, ttmExample] },
    make: (values) => ({
      distillers: [{ use: 'ttm', weight: weight(values, 'ttm'), exponent: extra(values, 'powerExponent') }],
    }),
  },
  wttm: {
    title: 'WTTM',
    usual: { lossWeights: [{ ce: 1, wttm: 4 }, ttmExample], extra: [{ powerExponent: 0.2 }, ttmExample] },
    make: (values) => ({ distillers: [wttmOf(values)] }),
  },
  'wttm+crd': {
    title: 'WTTM with CRD',
    usual: {
      lossWeights: [{ ce: 1, wttm: 4, crd: 0.8 }, ttmExample],
      extra: [{ powerExponent: 0.2 }, ttmExample],
    },
    make: (values) => ({ distillers: [wttmOf(values), { use: 'crd', weight: weight(values, 'crd') }] }),
  },
  nkd: {
    title: 'NKD',
    usual: {
      lossWeights: [
        { ce: 1, target: 1, gamma: 3.5 },
        'not stated for this pair; as for ResNet34-ResNet18 on CIFAR-100 (yzd-v/cls_KD)',
      ],
      temperature: [3, 'not stated for this pair; as for ResNet34-ResNet18 on CIFAR-100 (yzd-v/cls_KD)'],
    },
    make: (values) => ({
      distillers: [
        {
          use: 'nkd',
          alpha: weight(values, 'target', 1),
          gamma: weight(values, 'gamma'),
          temperature: values.number('temperature'),
        },
      ],
    }),
  },
  crld: {
    title: 'CRLD',
    make: (values) => ({
      distillers: [
        {
          use: 'crld',
          withinWeight: weight(values, 'within'),
          acrossWeight: weight(values, 'across'),
          taskWeight: weight(values, 'ce'),
          temperature: values.number('temperature'),
          weakThreshold: extra(values, 'weakThreshold'),
          strongThreshold: extra(values, 'strongThreshold'),
        },
      ],
      notes: [
        'The strong view is two changes of our RandAugment and a black square; the source draws from fourteen changes and a grey square of varying size.',
      ],
    }),
  },
  vanillakd: {
    title: 'VanillaKD',
    make: (values) => ({
      distillers: [kdOf(values, 0, weight(values, 'kd')), { use: 'bce', weight: weight(values, 'bce') }],
    }),
  },
};

/** KD, DKD, DIST and ReviewKD with the term of norm and direction. */
export const withDirection =
  (make: (values: Values) => UseObject) =>
  (values: Values): UseObject[] => [make(values), { use: 'norm-direction', weight: weight(values, 'nd') }];

export const risingKd = (values: Values): UseObject =>
  rising(values, kdOf(values, weight(values, 'ce'), weight(values, 'kd')));

export const risingDist = (values: Values): UseObject => rising(values, distOf(values));
