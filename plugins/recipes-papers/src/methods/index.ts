import { featureMethods } from './feature.js';
import { logitMethods } from './logit.js';
import type { Method, Missing } from './method.js';
import { projectorMethods } from './projector.js';

const noDistiller = (title: string): Missing => ({
  title,
  blocked: `there is no distiller of ${title} here`,
});

/** Methods of papers that there are no distillers of. Their figures are listed all the same. */
const missing: Readonly<Record<string, Missing>> = {
  mlkd: { title: 'MLKD', blocked: 'its views are not yet mapped onto the distiller mlkd' },
  'mlkd-ls': {
    title: 'MLKD with logit standardisation',
    blocked: 'its views are not yet mapped onto the distiller mlkd',
  },
  'kd+dot': {
    title: 'KD with DOT',
    blocked: 'there is no optimizer with a momentum for each loss (DOT) here',
  },
  'sd-kd': noDistiller('scale decoupling (SDD)'),
  'sd-dkd': noDistiller('scale decoupling (SDD)'),
  'sd-nkd': noDistiller('scale decoupling (SDD)'),
  hkd: { title: 'HKD', blocked: 'it needs an intermediate teacher of double width that is trained first' },
  'pad-l2': { title: 'PAD-L2', blocked: 'how it pads and weighs features was not read' },
  ofa: noDistiller('OFA-KD'),
  scalekd: { title: 'ScaleKD', blocked: 'its protocol was not transcribed' },
};

/** By the published id. */
export const methods: Readonly<Record<string, Method | Missing>> = {
  ...logitMethods,
  ...featureMethods,
  ...projectorMethods,
  ...missing,
};
