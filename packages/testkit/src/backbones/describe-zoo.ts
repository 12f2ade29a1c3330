import { readFileSync } from 'node:fs';
import type { Backbone } from '@limbeck/core';
import { completeOptions } from '@limbeck/core/host';
import { describe, expect, it } from 'vitest';
import { compareBackboneStructure, compareBackboneValues, type GoldenBackbone } from '../golden/backbone.js';
import { referenceBackend } from '../reference-backend.js';
import { backboneConformance } from './conformance.js';

/** What is published of a model. */
export interface PublishedBackbone {
  /** The image [C, H, W] and number of classes that it is counted for. */
  readonly image: readonly [number, number, number];
  readonly classes: number;
  readonly parameters: number;
}

/** Which backbones are tried, with which options and images. */
export interface ZooOptions {
  /** What is published of each model, by id: the zoo must hold these models and no others. */
  readonly published: Readonly<Record<string, PublishedBackbone>>;
  /** Further options that every model must work under, at every image size. */
  readonly variants?: readonly Readonly<Record<string, unknown>>[];
  /** Images that the models must take, [C, H, W]. Default: the usual ones. */
  readonly images?: readonly (readonly [number, number, number])[];
  /** Models small enough to be computed by the reference interpreter, with an image [C, H, W] to do it on. */
  readonly computed?: Readonly<Record<string, readonly [number, number, number]>>;
  /** Golden files, whose structure is compared with every model of the zoo that they hold. */
  readonly golden?: readonly URL[];
  /** Models whose golden numbers the reference interpreter is quick enough for. */
  readonly goldenValues?: Readonly<Record<string, 'evaluation' | 'both modes'>>;
}

/** Tolerance of golden numbers, relative to their root mean square. */
const tolerance = 1e-3;

/**
 * Everything that is the same about the tests of a family of published backbones, as vitest tests: what it holds, what is
 * published of it, {@link backboneConformance} for each, and golden numbers.
 */
export function describeZoo(
  // biome-ignore lint/suspicious/noExplicitAny: every backbone brings an option type of its own
  zoo: readonly Backbone<any>[],
  { published, variants = [], images, computed = {}, golden = [], goldenValues = {} }: ZooOptions,
): void {
  it('the zoo holds the published models and no others', () => {
    expect(zoo.map(({ id }) => id).sort()).toEqual(Object.keys(published).sort());
  });

  describe.each(zoo.map((backbone) => [backbone.id, backbone] as const))('%s', (id, backbone) => {
    const cases = [
      ...backboneConformance(backbone, { ...published[id]!, ...(images && { images }), backend: false }),
      ...variants.flatMap((options) =>
        backboneConformance(backbone, { options, ...(images && { images }), backend: false })
          .filter(({ name }) => name.startsWith('images/'))
          .map(({ name, run }) => ({ name: `${JSON.stringify(options)}/${name}`, run })),
      ),
      ...(computed[id] === undefined
        ? []
        : backboneConformance(backbone, { image: computed[id], images: [] })),
    ];
    for (const { name, run } of cases) it(name, run);
  });

  describe.each(golden.map((file) => [file.pathname.split('/').at(-1), file]))('golden %s', (_, file) => {
    const { seed, models } = JSON.parse(readFileSync(file as URL, 'utf8')) as {
      seed: number;
      models: Record<string, GoldenBackbone>;
    };
    const known = zoo.filter(({ id }) => id in models);
    it.each(known.map((backbone) => [backbone.id, backbone] as const))('structure of %s', (id, backbone) => {
      const options = completeOptions(backbone);
      const differences = compareBackboneStructure(backbone, models[id]!, { options });
      expect(differences.filter(({ relative }) => relative > 0)).toEqual([]);
    });
    const compared = known.filter(({ id }) => id in goldenValues);
    it.each(compared.map((backbone) => [backbone.id, backbone] as const))(
      'numbers of %s',
      async (id, backbone) => {
        const { train, ...evaluation } = models[id]!;
        const values = await compareBackboneValues(
          backbone,
          goldenValues[id] === 'both modes' ? { ...evaluation, train } : evaluation,
          { seed: String(seed), backend: referenceBackend, options: completeOptions(backbone) },
        );
        expect(values.length).toBeGreaterThan(6);
        expect(values.filter(({ relative }) => relative > tolerance)).toEqual([]);
      },
    );
  });
}
