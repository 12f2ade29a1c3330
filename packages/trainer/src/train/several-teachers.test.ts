import { join } from 'node:path';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planStudent } from '../programs/student.js';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherSpec } from '../run/teacher-spec.js';
import { latestCheckpoint } from '../store/checkpoint/load.js';
import { recordRun } from '../testing/record-run.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toyBackbone, toyDistiller, toyTeacherWeights } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';
import type { TrainOptions } from './loop.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const [sole] = toySpec(referenceBackend).teachers as [TeacherSpec];

/** The same network under another id, its answers the other way round: at chance, and accepted. */
function contrary(name: string): TeacherSpec {
  const { tensors, source } = toyTeacherWeights();
  const fc = tensors.get('fc.weight')!;
  const negated = { ...fc, data: (fc.data as Float32Array).map((x) => -x) };
  return {
    ...sole,
    name,
    backbone: toyBackbone('toy-contrary', 4),
    weights: { source, tensors: new Map([...tensors, ['fc.weight', negated]]) },
    acceptChance: true,
  };
}

const toy = (teacher?: string) => ({
  distiller: toyDistiller,
  options: { weight: 0.5 },
  teacher,
});

function spec(changes: Partial<RunSpec> = {}): RunSpec {
  return toySpec(referenceBackend, {
    teachers: [{ ...sole, name: 'wise' }, contrary('odd')],
    distillers: [toy(), toy('odd')],
    epochs: 2,
    ...changes,
  });
}

const run = (what: RunSpec, folder: string, options: Partial<TrainOptions> = {}) =>
  recordRun(what, { folder: join(root.path, folder), ...options });

describe('several teachers', () => {
  it('give their features under their names, each to its own distillers', () => {
    const plan = planStudent(spec());
    expect(plan.teachers.map(({ name, features }) => [name, features.map(({ input }) => input)])).toEqual([
      ['wise', ['wise.embedding', 'wise.logits']],
      ['odd', ['odd.embedding', 'odd.logits']],
    ]);
    expect([...plan.weights.keys()]).toEqual([
      'ce',
      'toy.logits',
      'toy.feature',
      'toy-2.logits',
      'toy-2.feature',
    ]);
  });

  it('are examined and named, and what they teach counts', async () => {
    const both = await run(spec(), 'both');
    const start = both.events.find((event) => event.type === 'start');
    expect(start?.teachers.map(({ name, id }) => [name, id])).toEqual([
      ['wise', 'toy-teacher'],
      ['odd', 'toy-contrary'],
    ]);
    expect(both.result!.teachers.wise!.metrics!.top1).toBe(1);
    expect(both.result!.teachers.odd!.metrics!.top1).toBe(0);
    const epoch = both.events.findLast((event) => event.type === 'epoch')!;
    expect(epoch.losses['toy.logits']).not.toBeCloseTo(epoch.losses['toy-2.logits']!, 2);
    const alike = await run(spec({ distillers: [toy('wise'), toy('wise')] }), 'alike');
    const same = alike.events.findLast((event) => event.type === 'epoch')!;
    expect(same.losses['toy.logits']).toBe(same.losses['toy-2.logits']);
    expect(alike.result!.teachers.odd!.metrics!.top1).toBe(0);
  });

  it('stopped and resumed train the same student, and are examined once', async () => {
    const straight = await run(spec(), 'straight');
    let steps = 0;
    await run(spec(), 'stopped', { stop: () => ++steps > 8 });
    const resumed = await run(spec(), 'stopped', { resume: true });
    expect(resumed.events.filter(({ type }) => type === 'teacher')).toEqual([]);
    expect(resumed.result!.teachers).toEqual(straight.result!.teachers);
    expect(outcomeOf(resumed.folder)).toEqual(outcomeOf(straight.folder));
  });

  it('cannot change places in a resumed run', async () => {
    let steps = 0;
    await run(spec(), 'stopped', { stop: () => ++steps > 8 });
    const swapped = spec({ teachers: [...spec().teachers].reverse() });
    const { error } = await run(swapped, 'stopped', { resume: true });
    expect(error).toMatchObject({ code: 'PRECONDITION' });
    expect(error!.message).toContain('teacher.0.name: "wise", now "odd"');
  });

  it.each<[string, Partial<RunSpec>, string, RegExp]>([
    [
      'two of one name',
      { teachers: [sole, sole] },
      'CONFIG_INVALID',
      /name of teacher 2: .*another teacher is called 'teacher'/,
    ],
    [
      'a name with a meaning',
      { teachers: [{ ...sole, name: 'student' }] },
      'CONFIG_INVALID',
      /'student' has a/,
    ],
    ['a name with a dot', { teachers: [{ ...sole, name: 'a.b' }] }, 'CONFIG_INVALID', /not 'a.b'/],
    ['one nobody knows', { distillers: [toy('wize')] }, 'UNKNOWN_ID', /distiller 'toy' .* teacher 'wize'/],
    ['none at all', { teachers: [] }, 'PRECONDITION', /distiller 'toy' needs a teacher/],
  ])('are refused: %s', async (_, changes, code, message) => {
    const { error } = await run(spec(changes), 'refused');
    expect(error).toMatchObject({ code });
    expect(error!.message).toMatch(message);
  });
});

it('a sole teacher keeps its names in programs and checkpoints, whatever it is called', async () => {
  const [known, renamed] = [toySpec(referenceBackend), { ...sole, name: 'large' }];
  let steps = 0;
  const stopped = await run(known, 'stopped', { stop: () => ++steps > 8 });
  const names = [...latestCheckpoint(join(stopped.folder, 'checkpoints'), () => undefined)!.state.keys()];
  expect(names.filter((name) => name.startsWith('large'))).toEqual([]);
  const { result } = await run(toySpec(referenceBackend, { teachers: [renamed] }), 'stopped', {
    resume: true,
  });
  expect(result!.epochs).toBe(3);
});
