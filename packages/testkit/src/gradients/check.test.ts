import { add, composite, log, mul, primitive, stopGradient, sub, sum, type Tensor } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { checkGradients } from './check.js';
import { centralDifferences } from './numeric.js';
import { checkOperation } from './operation.js';

const wrongExp = primitive<'wrongExp', [x: Tensor]>('wrongExp', {
  infer: ([x]) => x!,
  grad: (dy, [x]) => [mul(dy, x!)],
  reference: ([x]) => x!.data.map(Math.exp),
  samples: [{ inputs: [{ shape: [3] }] }],
});

describe('centralDifferences', () => {
  it('finds the gradient of a polynomial', () => {
    const at = Float64Array.of(2, -3);
    const gradient = centralDifferences((x) => x[0]! ** 2 * x[1]!, at, 1e-5);
    expect(gradient[0]).toBeCloseTo(-12, 6);
    expect(gradient[1]).toBeCloseTo(4, 6);
    expect(at).toEqual(Float64Array.of(2, -3));
  });
});

describe('checkGradients', () => {
  it('reports how close every differentiable input is', () => {
    const reports = checkGradients(
      (a, b) => mul(log(a), sum(b)),
      [
        { shape: [2, 3], from: 0.5, to: 2 },
        { shape: [4], differentiable: false },
      ],
    );
    expect(reports.map(({ input }) => input)).toEqual([0]);
    expect(reports[0]!.relative).toBeLessThan(1e-8);
  });

  it('names input, element, both values and the tolerance when a gradient is wrong', () => {
    expect(() => checkGradients((a, b) => mul(a, wrongExp(b)), [{ shape: [3] }, { shape: [3] }])).toThrow(
      /gradient for input 1 differs from central differences: element \d is \S+, expected \S+ \(relative deviation \S+, tolerance 1.0e-6\)/,
    );
  });

  it('notices a gradient that is missing', () => {
    expect(() => checkGradients((x) => mul(stopGradient(x), 2), [{ shape: [3] }])).toThrow(
      /gradient for input 0/,
    );
  });
});

describe('checkOperation', () => {
  it('names operation and sample when the gradient is wrong', () => {
    expect(() => checkOperation(wrongExp)).toThrow(/'wrongExp', sample 0: the gradient for input 0 differs/);
  });

  it('notices a reference that gives another number of elements than the shape rule promises', () => {
    const half = primitive<'half', [x: Tensor]>('half', {
      infer: ([x]) => x!,
      reference: ([x]) => x!.data.slice(1),
      samples: [{ inputs: [{ shape: [4] }] }],
    });
    expect(() => checkOperation(half)).toThrow(
      "'half', sample 0: its shape rule promises 4 elements, its reference gives 3",
    );
  });

  it('notices a composite whose own gradient is not that of its decomposition', () => {
    const cube = composite<'cube', [x: Tensor]>('cube', (x) => mul(mul(x, x), x), {
      grad: (dy, [x]) => [mul(dy, mul(x!, x!))],
      samples: [{ inputs: [{ shape: [3] }] }],
    });
    expect(() => checkOperation(cube)).toThrow(
      /'cube', sample 0: the gradient against the decomposition's, output d0/,
    );
  });

  it('notices arithmetic that single precision cannot do', () => {
    const cancelling = composite<'cancelling', [x: Tensor]>('cancelling', (x) => sub(add(x, 1e8), 1e8), {
      samples: [{ inputs: [{ shape: [2] }] }],
    });
    expect(() => checkOperation(cancelling)).toThrow(/single precision/);
  });

  it('insists on samples', () => {
    const untried = composite<'untried', [x: Tensor]>('untried', (x) => mul(x, 2));
    expect(() => checkOperation(untried)).toThrow("'untried': there are no samples to try it with");
  });
});
