import { readFile } from 'node:fs/promises';
import type { Runtime } from './runtime.js';

/** Flags of processors that multiply bfloat16 by themselves. */
const flags = ['avx512_bf16', 'amx_bf16'];

/** Why bfloat16 would not be worth it here; undefined where it is. */
export async function bfloat16Fault(
  { gpu }: Pick<Runtime, 'gpu'>,
  file = '/proc/cpuinfo',
): Promise<string | undefined> {
  if (gpu) return undefined;
  const description = await readFile(file, 'utf8').catch(() => '');
  const words = new Set(description.split(/\s+/));
  if (flags.some((flag) => words.has(flag))) return undefined;
  return description === ''
    ? 'what this processor can do is not known'
    : `this processor has neither ${flags.join(' nor ')}: float32 is faster on it`;
}
