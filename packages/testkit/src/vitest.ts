import type { Backbone, Recipe } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import { createHost, type HostOptions } from '@limbeck/core/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BackboneConformanceOptions, backboneConformance } from './backbones/conformance.js';
import { backendConformance, type ConformanceOptions } from './conformance/conformance.js';
import { type ConformanceTarget, isRequired } from './conformance/required.js';
import { recipeConformance } from './recipes/conformance.js';

export { describeZoo, type PublishedBackbone, type ZooOptions } from './backbones/describe-zoo.js';

/** How a kit is declared as tests of vitest. */
export interface DescribeOptions extends ConformanceOptions {
  /** What the tests are called, and whether `LIMBECK_REQUIRE` asks for them. Default: the backend's id. */
  readonly target?: ConformanceTarget;
}

/**
 * Runs {@link backendConformance} as vitest tests, one a case. Skips appear in vitest's output with their reasons. Where
 * `LIMBECK_REQUIRE` names the target, a backend that is missing fails instead.
 *
 * @example
 * describeBackend(onnxBackend, { target: 'onnx-webgpu', compile: { device: 'webgpu' }, skip: { 'gradient/erf': 'the runtime has no Erf on this device' } });
 */
export function describeBackend(backend: ComputeBackend, options: DescribeOptions = {}): void {
  const { target, ...given } = options;
  const required = given.required ?? (target !== undefined && isRequired(target));
  describe(`conformance of ${target ?? backend.id}`, () => {
    // a graphics processor that the CPU stands in for takes a while to show what it can do, once
    beforeAll(() => backend.capabilities(), 240_000);
    for (const { name, run } of backendConformance(backend, { ...given, required })) {
      it(name, async (context) => {
        const result = await run();
        if (result.status === 'skipped') context.skip(result.reason);
        if (result.status === 'failed') throw new Error(result.message, { cause: result.cause });
      });
    }
  });
}

/**
 * Runs {@link backboneConformance} as vitest tests, one a case.
 *
 * @example
 * describeBackbone(myNet, { image: [3, 16, 16] });
 */
export function describeBackbone<Options>(
  backbone: Backbone<Options>,
  options: BackboneConformanceOptions = {},
): void {
  const chosen = Object.entries(options.options ?? {}).map(([key, value]) => `${key} ${String(value)}`);
  describe(`backbone ${[backbone.id, ...chosen].join(', ')}`, () => {
    for (const { name, run } of backboneConformance(backbone, options)) it(name, run);
  });
}

/**
 * Runs {@link recipeConformance} as one vitest test over many recipes.
 *
 * @param plugins those that the recipes' configurations name
 *
 * @example
 * describeRecipes(myRecipes, [{ plugin: standardTraining, origin: 'standard' }, { plugin: myModels, origin: 'mine' }]);
 */
export function describeRecipes(recipes: readonly Recipe[], plugins: HostOptions['plugins']): void {
  it(`${recipes.length} recipes have sources, and become configurations`, async () => {
    const host = await createHost({ plugins });
    try {
      const bad = recipes.flatMap((recipe) =>
        recipeConformance(recipe, host).map((problem) => `${recipe.id}: ${problem}`),
      );
      expect(bad).toEqual([]);
      expect(new Set(recipes.map(({ id }) => id)).size, 'ids that are taken twice').toBe(recipes.length);
    } finally {
      await host.dispose();
    }
  });
}
