import type { UseObject } from '@limbeck/core';
import type { Values } from '../values.js';
import { extra, type Method, riseOf, weight, withKl } from './method.js';

const repDistiller = (name: string) =>
  `not stated; RepDistiller trains ${name} so on CIFAR-100 (HobbitLong/RepDistiller:scripts/run_cifar_distill.sh)`;

/** Learning rate of an initial phase, where one is stated. */
const initial = (values: Values) => ({
  initialEpochs: extra(values, 'initEpochs'),
  ...(values.record('extra').initLr === undefined ? {} : { initialLr: extra(values, 'initLr') }),
});

/** RepDistiller's `feats[n]`: 0 is the stem, so n is the n-th stage. */
function hintOf(values: Values): string {
  const layer = /hint_layer=(\d)/.exec(values.text('taps'))?.[1];
  return `stage${layer}`;
}

/** Maps that a source names as torchvision does; nothing where it takes every stage. */
function namedMaps(values: Values): { taps?: string[] } {
  const layers = [...values.text('taps').matchAll(/layer(\d)/g)].map(([, layer]) => `stage${layer}`);
  return layers.length === 0 ? {} : { taps: layers };
}

export const reviewKdOf = (values: Values): UseObject => ({
  use: 'reviewkd',
  weight: weight(values, 'feat'),
  width: extra(values, 'midChannel', 512),
  warmup: riseOf(values),
});

/** A method with one weighted term and nothing else to say. */
const plain = (use: string, more: (values: Values) => object = () => ({})): Method['make'] => {
  return (values) => withKl(values, { use, weight: weight(values, 'feat'), ...more(values) });
};

/** Methods that compare maps and embeddings. */
export const featureMethods: Readonly<Record<string, Method>> = {
  fitnet: { title: 'FitNet', make: plain('fitnet', (values) => ({ tap: hintOf(values) })) },
  at: { title: 'AT', make: plain('at', namedMaps) },
  sp: { title: 'SP', make: plain('sp') },
  cc: {
    title: 'CC',
    usual: { lossWeights: [{ ce: 1, feat: 0.02 }, repDistiller('CC')] },
    make: plain('cc', (values) => ({ embed: extra(values, 'embedDim', 128) })),
  },
  vid: {
    title: 'VID',
    make: plain('vid', (values) => ({
      variance: extra(values, 'initPredVar', 5),
      epsilon: extra(values, 'eps', 1e-5),
    })),
  },
  rkd: {
    title: 'RKD',
    usual: { lossWeights: [{ ce: 1, feat: 1 }, repDistiller('RKD')] },
    make: (values) =>
      withKl(values, {
        use: 'rkd',
        distance: weight(values, 'feat') * extra(values, 'distanceWeight', 25),
        angle: weight(values, 'feat') * extra(values, 'angleWeight', 50),
      }),
  },
  pkt: { title: 'PKT', make: plain('pkt') },
  // the weights of AB and FSP belong to a term that is 0 after the initial phase
  ab: { title: 'AB', make: (values) => withKl(values, { use: 'ab', ...initial(values) }) },
  fsp: { title: 'FSP', make: (values) => withKl(values, { use: 'fsp', ...initial(values) }) },
  ft: { title: 'FT', make: plain('ft', initial) },
  nst: { title: 'NST', make: plain('nst') },
  crd: {
    title: 'CRD',
    make: plain('crd', (values) => ({
      dimensions: extra(values, 'embedDim', 128),
      negatives: extra(values, 'negatives', 16_384),
      temperature: extra(values, 'nceTemperature', 0.07),
      momentum: extra(values, 'nceMomentum', 0.5),
    })),
  },
  reviewkd: {
    title: 'ReviewKD',
    usual: {
      lossWeights: [
        { ce: 1, feat: 5 },
        'not stated for this pair; as for most pairs (dvlab-research/ReviewKD)',
      ],
    },
    make: (values) => withKl(values, reviewKdOf(values)),
  },
  ofd: { title: 'OFD', make: plain('ofd') },
  semckd: { title: 'SemCKD', make: plain('semckd') },
  srrl: {
    title: 'SRRL',
    usual: {
      lossWeights: [
        { ce: 1, feat: 1 },
        "not stated; SimKD's toolbox trains SRRL so on CIFAR-100, with KD beside it",
      ],
    },
    make: (values) =>
      withKl(values, {
        use: 'srrl',
        weight: weight(values, 'feat'),
        logitWeight: weight(values, 'feat'),
      }),
  },
  ickd: { title: 'ICKD with KD', make: plain('ickd') },
  'ickd-nokl': { title: 'ICKD', make: plain('ickd') },
};
