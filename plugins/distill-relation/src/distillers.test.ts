import { createHost, type Host } from '@limbeck/core/host';
import { buildDistiller } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin from './index.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});
afterAll(() => host.dispose());

const taps = (batch: number, width: number) => ({
  stage1: [batch, width / 2, 8, 8],
  stage2: [batch, width, 4, 4],
  'last-map': [batch, 2 * width, 4, 4],
  embedding: [batch, width],
  logits: [batch, 3],
});
const shapes = { student: taps(4, 8), teacher: taps(4, 16) };
const single = { student: taps(1, 8), teacher: taps(1, 16) };

describe.each([
  ['sp', { sp: 3000 }, 'stage2'],
  ['cc', { cc: 0.02 }, 'embedding'],
  ['rkd', { distance: 25, angle: 50 }, 'embedding'],
  ['pkt', { pkt: 30_000 }, 'embedding'],
] as const)('%s', (id, weights, tap) => {
  test('has the published terms, weights and features', () => {
    const { losses, student, teacher } = buildDistiller(host, id, shapes);
    const found = Object.entries(losses).map(([name, { weight, value }]) => [name, weight, value.shape]);
    expect(found).toEqual(Object.entries(weights).map(([name, weight]) => [name, weight, []]));
    expect([...student.inputs.keys()]).toEqual([`student.${tap}`]);
    expect([...teacher.inputs.keys()]).toEqual([`teacher.${tap}`]);
  });

  test('compares the features it is told', () => {
    const use = { use: id, tap: 'stage1', teacherTap: 'last-map' };
    expect([...buildDistiller(host, use, shapes).teacher.inputs.keys()]).toEqual(['teacher.last-map']);
    const { teacherTap: _, ...both } = use;
    expect([...buildDistiller(host, both, shapes).teacher.inputs.keys()]).toEqual(['teacher.stage1']);
  });

  test('does not train on single images, but can be deployed for one', () => {
    expect(() => buildDistiller(host, id, single)).toThrow(
      `distiller '${id}' compares the images of a batch`,
    );
    expect(() => buildDistiller(host, id, single, { mode: 'eval' })).not.toThrow();
  });
});

test('without stages, sp compares the last maps', () => {
  const { stage1: _, stage2: __, ...flat } = shapes.student;
  const { student } = buildDistiller(host, 'sp', { student: flat, teacher: flat });
  expect([...student.inputs.keys()]).toEqual(['student.last-map']);
});

describe('cc', () => {
  const variables = (use: object) =>
    [...buildDistiller(host, { use: 'cc', ...use }, shapes).trace.variables].map(([name, { tensor }]) => [
      name,
      tensor.shape,
    ]);

  test('maps both sides to one width by layers that are trained', () => {
    expect(Object.fromEntries(variables({}))).toEqual({
      'cc.student.weight': [128, 8],
      'cc.student.bias': [128],
      'cc.teacher.weight': [128, 16],
      'cc.teacher.bias': [128],
    });
  });

  test('without them, both shapes must agree', () => {
    expect(() => variables({ embed: false })).toThrow(/\[4, 8\].*\[4, 16\]/);
    const use = { use: 'cc', embed: false };
    const equal = { student: taps(4, 8), teacher: taps(4, 8) };
    expect(buildDistiller(host, use, equal).trace.variables.size).toBe(0);
  });
});
