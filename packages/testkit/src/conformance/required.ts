import { didYouMean, LimbeckError } from '@limbeck/core';

/** What this repository's conformance tests run on: a backend, and the device or executor of it. */
export const conformanceTargets = [
  'reference',
  'onnx-cpu',
  'onnx-webgpu',
  'tfjs-session',
  'tfjs-webgpu',
  'tfjs-wasm',
  'tfjs-cpu',
] as const;

/** A backend on one of its devices: `onnx-cpu`, `tfjs-wasm` ... */
export type ConformanceTarget = (typeof conformanceTargets)[number];

/**
 * The targets that must not be missing: those that the environment variable `LIMBECK_REQUIRE` lists, with commas between.
 * Tests of others are skipped where they cannot run; tests of these fail.
 *
 * @throws LimbeckError UNKNOWN_ID for a name that is none: a requirement nobody checks would be worse than none
 */
export function requiredTargets(list = process.env.LIMBECK_REQUIRE ?? ''): ReadonlySet<ConformanceTarget> {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    if ((conformanceTargets as readonly string[]).includes(name)) continue;
    throw new LimbeckError(
      'UNKNOWN_ID',
      `LIMBECK_REQUIRE: there is no backend '${name}'; known: ${conformanceTargets.join(', ')}`,
      { hint: didYouMean(name, conformanceTargets) ?? 'write names with commas between' },
    );
  }
  return new Set(names as ConformanceTarget[]);
}

/** Whether tests of this target must fail, rather than be skipped, where it cannot run. */
export const isRequired = (target: ConformanceTarget): boolean => requiredTargets().has(target);
