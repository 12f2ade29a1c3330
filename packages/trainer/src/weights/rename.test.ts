import { type Shape, tensorData } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { type Rename, renameAll } from './rename.js';
import { suggestRename, writeRename } from './suggest-rename.js';

describe('renameAll', () => {
  const names = (rename: Rename, ...given: string[]) => [
    ...renameAll(new Map(given.map((name) => [name, name])), rename, 'a.pth').keys(),
  ];

  it('applies every rule in order, to the first match unless its flags say otherwise', () => {
    expect(
      names(
        [
          ['^backbone[.]', ''],
          ['^conv', 'stem.conv'],
        ],
        'backbone.conv1.a',
        'fc.b',
      ),
    ).toEqual(['stem.conv1.a', 'fc.b']);
    expect(names([['(\\d)[.]', '$1-']], 'a1.b2.c')).toEqual(['a1-b2.c']);
    expect(names([['B', 'x', 'gi']], 'abB')).toEqual(['axx']);
  });

  it('refuses to make two names one', () => {
    expect(() => names([['^(student|teacher)[.]', '']], 'student.w', 'teacher.w')).toThrow(
      expect.objectContaining({
        code: 'WEIGHTS_MISMATCH',
        message: "a.pth: rename makes 'w' of 'student.w' and of 'teacher.w' too",
      }),
    );
  });
});

describe('suggestRename', () => {
  /** A small network's state dict under published names. */
  const model: Record<string, Shape> = {
    'conv1.weight': [8, 3, 3, 3],
    'bn1.weight': [8],
    'bn1.bias': [8],
    'bn1.running_mean': [8],
    'layer1.0.conv1.weight': [16, 8, 3, 3],
    'layer1.0.bn1.weight': [16],
    'layer1.0.downsample.0.weight': [16, 8, 1, 1],
    'layer1.0.downsample.1.weight': [16],
    'fc.weight': [10, 16],
    'fc.bias': [10],
  };
  const wanted = new Map(Object.entries(model));
  const under = (rename: (name: string) => string, of = wanted) =>
    new Map([...of].map(([name, shape]) => [rename(name), shape]));

  it.each<[string, (name: string) => string]>([
    ['a prefix', (name) => `backbone.encoder.${name}`],
    ['a prefix on some', (name) => (name.startsWith('fc') ? name : `features.${name}`)],
    ['a lacking prefix', (name) => name],
    ['other words', (name) => name.replace('downsample', 'shortcut').replace('fc', 'linear')],
    ['words with numbers', (name) => name.replace(/bn(\d)/, 'norm$1')],
    ['words and a prefix', (name) => `module.model.${name.replace('layer', 'stage').replace('fc', 'head')}`],
    ['numbers apart', (name) => name.replace(/(bn|conv)(\d)/, '$1.$2')],
    [
      'words of another framework',
      (name) => name.replace('running_mean', 'moving_mean').replace(/bias$/, 'beta'),
    ],
  ])('mends %s', (what, rename) => {
    const of = what === 'a lacking prefix' ? under((name) => `net.${name}`) : wanted;
    const given = under(rename);
    const rules = suggestRename(given, of);
    expect(rules, what).toBeDefined();
    const values = new Map([...given].map(([name, shape]) => [name, tensorData('float32', shape)]));
    expect(new Set(renameAll(values, rules!, 'x').keys())).toEqual(new Set(of.keys()));
  });

  it('mends the names of DenseNets in torchvision’s files', () => {
    const block = (norm: string, conv: string) =>
      [1, 2].flatMap((layer) =>
        [1, 2].flatMap((i): [string, Shape][] => [
          [`features.denseblock1.denselayer${layer}.${norm}${i}.weight`, [8 * i]],
          [`features.denseblock1.denselayer${layer}.${conv}${i}.weight`, [8, 8 * layer, i, i]],
        ]),
      );
    const rules = suggestRename(new Map(block('norm.', 'conv.')), new Map(block('norm', 'conv')))!;
    expect(writeRename(rules)).toBe(
      "rename: [['(^|[.])norm[.]([0-9]+)([.]|$)', '$1norm$2$3'], ['(^|[.])conv[.]([0-9]+)([.]|$)', '$1conv$2$3']]",
    );
  });

  it('writes what TypeScript and YAML read alike', () => {
    expect(
      writeRename(
        suggestRename(
          under((name) => `backbone.${name}`),
          wanted,
        )!,
      ),
    ).toBe("rename: [['^backbone[.]', '']]");
  });

  it('suggests nothing for another architecture', () => {
    const other = new Map(wanted).set('fc.weight', [10, 32]);
    expect(
      suggestRename(
        under((name) => `backbone.${name}`),
        other,
      ),
    ).toBeUndefined();
    expect(suggestRename(new Map([['a', [1]]]), wanted)).toBeUndefined();
    const scrambled = new Map([...wanted.values()].map((shape, i) => [`tensor_${(7 * i) % 10}x`, shape]));
    expect(suggestRename(scrambled, wanted)).toBeUndefined();
  });
});
