import { expect, test } from 'vitest';
import { layerDecayFactors } from './layer-decay.js';

const factorsOf = (names: string[], classifiers: string[] = [], decay = 0.5) =>
  Object.fromEntries(
    layerDecayFactors(
      [
        ...names.map((name) => ({ name, classifier: false })),
        ...classifiers.map((name) => ({ name, classifier: true })),
      ],
      decay,
    ),
  );

test('rates fall by a power a block from the classifier to the stem', () => {
  expect(
    factorsOf(
      ['conv1.weight', 'layer1.0.conv1.weight', 'layer1.1.bn1.bias', 'layer2.0.conv1.weight'],
      ['fc.weight'],
    ),
  ).toEqual({
    'conv1.weight': 0.0625,
    'layer1.0.conv1.weight': 0.125,
    'layer1.1.bn1.bias': 0.25,
    'layer2.0.conv1.weight': 0.5,
    'fc.weight': 1,
  });
});

test('what follows a block belongs to it, and blocks may be numbered in their name', () => {
  expect(
    factorsOf([
      'features.conv0.weight',
      'features.denseblock1.denselayer1.conv.weight',
      'features.transition1.conv.weight',
      'features.denseblock2.denselayer1.conv.weight',
      'features.norm5.weight',
    ]),
  ).toEqual({
    'features.conv0.weight': 0.125,
    'features.denseblock1.denselayer1.conv.weight': 0.25,
    'features.transition1.conv.weight': 0.25,
    'features.denseblock2.denselayer1.conv.weight': 0.5,
    'features.norm5.weight': 0.5,
  });
});

test.each([0, -1, 1.5, Number.NaN])('a decay of %d is refused', (decay) => {
  expect(() => layerDecayFactors([], decay)).toThrow(/above 0 and at most 1/);
});
