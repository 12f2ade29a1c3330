import type { UseObject } from '@limbeck/core';

/** Where a variable's values come from: its golden name, and the pattern's seed (behind the file's) and name. */
export interface PatternOrigin {
  readonly golden: string;
  /** Left out where the case starts from the published first values. */
  readonly pattern?: { readonly seed: string; readonly name: string };
}

/** How a case is built with our distillers. A case's loss is the weighted sum of the distiller's terms. */
export interface Recipe {
  /** Left out for the cross-entropy alone. */
  readonly distiller?: UseObject;
  /** The cross-entropy is part of the loss, with the weight the distiller gives it. */
  readonly task?: boolean;
  /** Origin of a distiller's variable, by its name behind the distiller's id. */
  readonly variable?: (name: string) => PatternOrigin;
}

const ensembleVariable = (name: string): PatternOrigin => {
  const [, index, rest] = /^projectors\.(\d+)\.linear\.(\w+)$/.exec(name)!;
  return { golden: `projector${index}.${rest}`, pattern: { seed: `proj${index}`, name: rest! } };
};

const logitVariable = (name: string): PatternOrigin => {
  const rest = name.replace('projector.linear.', '');
  return { golden: `projector.${rest}`, pattern: { seed: 'logitproj', name: rest } };
};

const vidVariable = (name: string): PatternOrigin => {
  const golden = name.replace(/^0\./, '');
  return golden === 'log_scale' ? { golden } : { golden, pattern: { seed: 'vid', name: golden } };
};

/** Places of the bottleneck's layers in the published sequence; ReLUs are in between. */
const transferLayers: Readonly<Record<string, number>> = {
  conv1: 0,
  bn1: 1,
  conv2: 3,
  bn2: 4,
  conv3: 6,
  bn3: 7,
};

const transferVariable = (seed: string) => (name: string) => {
  const [, layer, rest] = /^projectors\.0\.(\w+)\.(\w+)$/.exec(name)!;
  const golden = `transfer.${transferLayers[layer!]}.${rest}`;
  return { golden, pattern: { seed, name: golden } };
};

/** Recipes by the shape of a case's name; the part in brackets is the one number a name can carry. */
const recipes: readonly [RegExp, (number: number) => Recipe][] = [
  [/^cross-entropy()$/, () => ({ task: true })],
  [/^kd()$/, () => ({ distiller: { use: 'kd', weight: 1, temperature: 4 } })],
  [/^kd-T([\d.]+)$/, (temperature) => ({ distiller: { use: 'kd', weight: 1, temperature } })],
  [/^dkd()$/, () => ({ distiller: { use: 'dkd', alpha: 1, beta: 8, temperature: 4 } })],
  [
    /^kd-projected-logits()$/,
    () => ({
      distiller: { use: 'kd', temperature: 4, weight: 0.9, taskWeight: 0.1, projector: 'linear' },
      task: true,
      variable: logitVariable,
    }),
  ],
  [
    /^projector-ensemble-q(\d+)$/,
    (projectors) => ({
      distiller: { use: 'projector-ensemble', projectors, weight: 1 },
      variable: ensembleVariable,
    }),
  ],
  [
    /^hint-mse()$/,
    () => ({
      distiller: { use: 'fitnet', weight: 1, tap: 'map.same', teacherTap: 'map', regressor: false },
    }),
  ],
  [/^attention()$/, () => ({ distiller: { use: 'at', weight: 1, power: 2, taps: ['map'] } })],
  [/^nst()$/, () => ({ distiller: { use: 'nst', weight: 1, taps: ['map'] } })],
  [/^vid()$/, () => ({ distiller: { use: 'vid', weight: 1, taps: ['map'] }, variable: vidVariable })],
  [/^similarity()$/, () => ({ distiller: { use: 'sp', weight: 1, tap: 'map' } })],
  [
    /^correlation()$/,
    () => ({
      distiller: { use: 'cc', weight: 1, embed: false, tap: 'embedding.same', teacherTap: 'embedding' },
    }),
  ],
  [/^rkd()$/, () => ({ distiller: { use: 'rkd', distance: 25, angle: 50 } })],
  [/^pkt()$/, () => ({ distiller: { use: 'pkt', weight: 1 } })],
  [
    /^reused-classifier-f([\d.]+)$/,
    (reduction) => ({
      distiller: { use: 'classifier-sharing', projectors: 1, reduction, tap: 'map', teacherTap: 'map' },
      variable: transferVariable(`simkd${reduction}`),
    }),
  ],
];

/** How to build a case, by its name. */
export function recipeOf(caseName: string): Recipe | undefined {
  for (const [pattern, make] of recipes) {
    const match = pattern.exec(caseName);
    if (match !== null) return make(Number(match[1]));
  }
  return undefined;
}
