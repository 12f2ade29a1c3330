import { reviewKdOf } from './feature.js';
import { dkdOf, risingDist, risingKd, withDirection } from './logit.js';
import { extra, kdOf, type Method, weight } from './method.js';

/** Norm and direction added to another method. */
const plusPlus = (title: string, make: Parameters<typeof withDirection>[0]): Method => ({
  title,
  make: (values) => ({ distillers: withDirection(make)(values) }),
});

/** Methods around projectors, and those whose parts are other methods. */
export const projectorMethods: Readonly<Record<string, Method>> = {
  pefd: {
    title: 'projector ensemble',
    make: (values) => ({
      distillers: [
        {
          use: 'projector-ensemble',
          projectors: extra(values, 'projectors'),
          weight: weight(values, 'feat'),
        },
      ],
    }),
  },
  kd1proj: {
    title: 'KD through a logit projector',
    make: (values) => ({
      distillers: [
        {
          ...kdOf(values, weight(values, 'ce'), weight(values, 'kd')),
          projector: { use: 'linear' },
        },
      ],
    }),
  },
  simkd: {
    title: 'SimKD',
    make: (values) => ({
      distillers: [
        {
          use: 'classifier-sharing',
          projectors: 1,
          reduction: extra(values, 'factor'),
          weight: weight(values, 'feat'),
          taskWeight: weight(values, 'ce'),
        },
      ],
    }),
  },
  'classifier-sharing': {
    title: 'projector integration and classifier sharing',
    make: (values) => ({
      distillers: [
        {
          use: 'classifier-sharing',
          projectors: extra(values, 'projectors'),
          reduction: extra(values, 'factor'),
          weight: weight(values, 'feat'),
          taskWeight: weight(values, 'ce'),
        },
      ],
      notes: ["The paper's full text was not at hand: all but its abstract is our reading, after SimKD."],
    }),
  },
  srd: {
    title: 'SRD',
    make: (values) => ({
      distillers: [
        {
          use: 'srd',
          weight: weight(values, 'srd', weight(values, 'feat', 0)),
          klWeight: weight(values, 'kd', 0),
          temperature: values.has('temperature') ? values.number('temperature') : 1,
          exponent: extra(values, 'exponent', 4),
          epsilon: extra(values, 'bnEps', 1e-4),
        },
      ],
    }),
  },
  vkd: {
    title: 'VkD',
    make: (values) => ({
      distillers: [
        {
          use: 'vkd',
          weight: weight(values, 'feat'),
          klWeight: weight(values, 'kd'),
          temperature: values.number('temperature'),
        },
      ],
    }),
  },
  l2: {
    title: 'L2',
    make: (values) => ({
      distillers: [{ use: 'projector-ensemble', side: 'none', loss: 'mse', weight: weight(values, 'feat') }],
      notes: ['Taken for the mean squared error of embeddings without a projector.'],
    }),
  },
  'kd++': plusPlus('KD++', risingKd),
  'dkd++': plusPlus('DKD++', dkdOf),
  'dist++': plusPlus('DIST++', risingDist),
  'reviewkd++': plusPlus('ReviewKD++', reviewKdOf),
  'wkd-l': {
    title: 'WKD-L',
    make: (values) => ({
      distillers: [
        {
          use: 'wkd-l',
          weight: weight(values, 'logit'),
          temperature: values.number('temperature'),
          distance: 'cka',
          sharpness: extra(values, 'costSharpen'),
          iterations: extra(values, 'sinkhornIter'),
          regularization: extra(values, 'sinkhornLambda'),
          decay: extra(values, 'cosineDecayFromEpoch', 0),
        },
      ],
    }),
  },
  'wkd-f': {
    title: 'WKD-F',
    make: (values) => ({
      distillers: [
        {
          use: 'wkd-f',
          weight: weight(values, 'feat'),
          ratio: extra(values, 'meanCovRatio'),
          grid: extra(values, 'spatialGrid'),
          epsilon: extra(values, 'eps'),
          decay: extra(values, 'cosineDecayFromEpoch', 0),
        },
      ],
    }),
  },
  'wkd-lf': {
    title: 'WKD-L with WKD-F',
    make: (values) => ({
      distillers: ['wkd-l', 'wkd-f'].flatMap((part) => projectorMethods[part]!.make(values).distillers),
    }),
  },
};
