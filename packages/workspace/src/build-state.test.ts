import { describe, expect, it } from 'vitest';
import { isSource, judgeBuild } from './build-state.mjs';

const inputs = {
  'tsconfig.json': '1 1',
  'packages/graph/tsconfig.json': '1 1',
  'packages/graph/src/index.ts': '10 1',
  'packages/graph/src/ops/add.ts': '20 1',
  'packages/nn/src/index.ts': '30 1',
};
const outputs = [
  ...outputsOf('packages/graph/dist/index'),
  ...outputsOf('packages/graph/dist/ops/add'),
  ...outputsOf('packages/nn/dist/index'),
  'packages/graph/dist/.tsbuildinfo',
];
const facts = { inputs, outputs, identity: 'now' };
const stamp = { inputs, identity: 'now' };
const nothing = { reason: undefined, orphans: [], incomplete: [] };

function outputsOf(stem: string): string[] {
  return ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => stem + ending);
}

describe('judgeBuild', () => {
  it('is content when nothing changed', () => {
    expect(judgeBuild(stamp, facts)).toEqual(nothing);
  });

  it('builds when no build has finished', () => {
    expect(judgeBuild(undefined, { ...facts, outputs: [] }).reason).toBe('there is no finished build');
  });

  it('counts changed and new files', () => {
    const edited = { ...inputs, 'packages/nn/src/index.ts': '31 2', 'packages/nn/tsconfig.json': '1 1' };
    expect(judgeBuild(stamp, { ...facts, inputs: edited }).reason).toBe('2 files changed');
  });

  it('removes what a deleted source left, and rebuilds its project', () => {
    const { 'packages/graph/src/ops/add.ts': _, ...remaining } = inputs;
    expect(judgeBuild(stamp, { ...facts, inputs: remaining })).toEqual({
      reason: '1 file removed',
      orphans: outputsOf('packages/graph/dist/ops/add'),
      incomplete: ['packages/graph'],
    });
  });

  it('notices outputs that are gone', () => {
    const without = outputs.filter((file) => !file.startsWith('packages/nn/'));
    expect(judgeBuild(stamp, { ...facts, outputs: without })).toEqual({
      reason: '1 output is missing',
      orphans: [],
      incomplete: ['packages/nn'],
    });
  });

  it('leaves alone what the compiler did not write', () => {
    const more = [...outputs, 'packages/graph/dist/page.html', 'packages/graph/dist/worker.wasm'];
    expect(judgeBuild(stamp, { ...facts, outputs: more })).toEqual(nothing);
  });

  it('builds when the dependencies changed', () => {
    expect(judgeBuild(stamp, { ...facts, identity: 'later' }).reason).toBe('dependencies changed');
  });
});

describe('isSource', () => {
  it.each([
    ['packages/graph/src/ops/add.ts', true],
    ['packages/graph/src/ops/add.test.ts', false],
    ['packages/trainer/src/testing/toy-data.ts', false],
    ['packages/graph/src/testing.ts', true],
    ['packages/graph/src/ambient.d.ts', false],
    ['packages/graph/tsconfig.json', false],
    ['packages/graph/src/readme.md', false],
  ])('%s: %s', (file, expected) => {
    expect(isSource(file)).toBe(expected);
  });
});
