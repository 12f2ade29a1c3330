import { createHash } from 'node:crypto';
import { encodeOnnx, type OnnxModel } from '@limbeck/formats';
import type { Range } from './levels.js';
import { type ObserveOptions, observe } from './observe.js';

/** Says how ranges are found and kept; changes with either. */
const format = 'limbeck.activation-ranges.1';

/**
 * The range of values, as the calibration's memory has it, or measured and then kept there.
 *
 * @throws LimbeckError as {@link observe}
 */
export async function findRanges(
  model: OnnxModel,
  values: readonly string[],
  options: ObserveOptions,
): Promise<ReadonlyMap<string, Range>> {
  const { memory } = options.calibration;
  if (memory === undefined) return observe(model, values, options);
  const key = keyOf(model, values, options);
  const kept = decodeRanges(await memory.read(key), values);
  if (kept !== undefined) return kept;
  const ranges = await observe(model, values, options);
  await memory.write(key, encodeRanges(ranges));
  return ranges;
}

/** SHA-256 of all that ranges depend on: weights and structure, runtime, method and batches. Threads share the work. */
function keyOf(model: OnnxModel, values: readonly string[], options: ObserveOptions): string {
  const { runtime, calibration, check } = options;
  const { method = 'min-max', percentile = 99.99 } = calibration;
  const how = method === 'percentile' ? { method, percentile } : { method };
  const hash = createHash('sha256');
  hash.update(JSON.stringify([format, runtime.env.versions, how, values]));
  hash.update(encodeOnnx(model));
  for (const feeds of calibration.batches) {
    check(feeds);
    for (const [name, { dtype, shape, data }] of Object.entries(feeds)) {
      hash.update(JSON.stringify([name, dtype, shape]));
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}

/** `{ "format": ..., "ranges": { "value": [min, max] } }`; JSON gives every number back as it was. */
function encodeRanges(ranges: ReadonlyMap<string, Range>): Uint8Array {
  const pairs = [...ranges].map(([value, { min, max }]) => [value, [min, max]]);
  return new TextEncoder().encode(JSON.stringify({ format, ranges: Object.fromEntries(pairs) }));
}

/** @returns undefined unless the bytes say a sound range of every value */
function decodeRanges(
  bytes: Uint8Array | undefined,
  values: readonly string[],
): ReadonlyMap<string, Range> | undefined {
  if (bytes === undefined) return undefined;
  const ranges = new Map<string, Range>();
  try {
    const kept = JSON.parse(new TextDecoder().decode(bytes));
    if (kept.format !== format) return undefined;
    for (const value of values) {
      const [min, max] = kept.ranges[value];
      if (!Number.isFinite(min) || !Number.isFinite(max) || min > max) return undefined;
      ranges.set(value, { min, max });
    }
  } catch {
    // not ours, or not whole: it is measured again
    return undefined;
  }
  return ranges;
}
