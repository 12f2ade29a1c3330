import { composites, primitives } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { differentiableInputs, type SampledOperation } from '../samples/program.js';
import { checkOperation } from './operation.js';

const tables: readonly [string, Readonly<Record<string, SampledOperation>>][] = [
  ['primitives', primitives],
  ['composites', composites],
];

// a cast between float types is rounding, which central differences cannot see; a stopped gradient is zero by definition
const withoutGradientSample = new Set(['cast', 'stopGradient']);

describe.each(tables)('%s', (_, table) => {
  it.each(Object.entries(table))('%s is what its declaration says', (_name, operation) => {
    checkOperation(operation);
  });

  it.each(Object.entries(table))(
    '%s is listed under its name, with samples that reach its gradient',
    (name, operation) => {
      expect(operation.name).toBe(name);
      expect(operation.samples.length).toBeGreaterThan(0);
      const reached = operation.samples.some(
        (_sample, index) => differentiableInputs(operation, index).length > 0,
      );
      if (operation.grad !== undefined && !withoutGradientSample.has(name)) expect(reached).toBe(true);
    },
  );
});
