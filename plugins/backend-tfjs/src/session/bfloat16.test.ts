import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bfloat16Fault } from './bfloat16.js';

test('processors are told apart by their flags', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'limbeck-cpuinfo-'));
  const file = path.join(folder, 'cpuinfo');
  writeFileSync(file, 'flags\t\t: fpu avx512f avx512_bf16 avx512_vnni\n');
  expect(await bfloat16Fault({ gpu: false }, file)).toBeUndefined();
  writeFileSync(file, 'flags\t\t: fpu avx2 avx512f\n');
  expect(await bfloat16Fault({ gpu: false }, file)).toContain('neither avx512_bf16 nor amx_bf16');
  expect(await bfloat16Fault({ gpu: true }, file)).toBeUndefined();
  rmSync(folder, { recursive: true });
  expect(await bfloat16Fault({ gpu: false }, file)).toContain('not known');
});
