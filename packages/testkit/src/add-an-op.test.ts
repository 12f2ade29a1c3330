import { readFileSync } from 'node:fs';
import { composite, exp, mul, softplus, type Tensor, tanh, unarySamples } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { backendConformance } from './conformance/conformance.js';
import { checkGradients } from './gradients/check.js';
import { checkOperation } from './gradients/operation.js';
import { referenceBackend } from './reference-backend.js';

/** x * tanh(softplus(x)). Misra, 2020. */
const mish = composite<'mish', [x: Tensor]>('mish', (x) => mul(x, tanh(softplus(x))), {
  samples: unarySamples({ from: -3, to: 3 }),
});

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/add-an-op.md', root), 'utf8');

/** Blocks of code that begin with the path of the file they are taken from. */
const blocks = [...page.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, path, code]) => ({
  path: path!,
  code: code!.trimEnd(),
}));

describe('docs/add-an-op.md', () => {
  it('names the source of every block of code', () => {
    expect(blocks.length).toBe(page.match(/```ts/g)!.length);
    expect(blocks.length).toBeGreaterThan(4);
  });

  it.each(blocks)('quotes $path as it is', ({ path, code }) => {
    const source = readFileSync(new URL(path, root), 'utf8');
    // quotations may leave the indentation of their surroundings out
    const plain = (text: string) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .join('\n');
    expect(plain(source)).toContain(plain(code));
  });

  it('checks a composite as it says', () => {
    checkOperation(mish);
  });

  it('checks a plain function of tensors as it says', () => {
    checkGradients((x, y) => mul(exp(x), mish(y)), [{ shape: [3, 4] }, { shape: [4], from: 0.5, to: 2 }]);
  });

  it('tries a composite on a backend as it says', async () => {
    const cases = backendConformance(referenceBackend, { operations: [mish] });
    for (const { name, run } of cases.filter((item) => item.name.includes('/mish/'))) {
      expect(await run(), name).toMatchObject({ status: 'passed' });
    }
  });
});
