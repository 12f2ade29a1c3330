import { describe, expect, it } from 'vitest';
import { configToJson, resolveConfig } from '../host.js';
import { defineConfig, type LimbeckError } from '../index.js';

const resolve = (value: unknown) => resolveConfig([{ source: 'file', value }]);
const run = { data: { use: 'd' }, train: { epochs: 1 } };

describe('rename', () => {
  it('takes text and regular expressions, and is recorded as text', () => {
    const config = defineConfig({
      ...run,
      teacher: {
        use: 't',
        weights: 't.pth',
        rename: [
          [/^backbone\./, ''],
          [/BN/gi, 'bn'],
        ],
      },
      student: { use: 's', rename: [['^net[.]', '']] },
    });
    const { config: resolved } = resolve(config);
    const rename = [
      ['^backbone\\.', ''],
      ['BN', 'bn', 'gi'],
    ];
    expect(resolved.teacher).toMatchObject({ rename });
    expect(resolved.student.rename).toEqual([['^net[.]', '']]);
    const recorded = JSON.parse(JSON.stringify(configToJson(resolved)));
    expect(recorded.teacher.rename).toEqual(rename);
    expect(resolve(recorded).config).toEqual(resolved);
  });

  it('is each of several teachers’ own', () => {
    const teacher = (name: string, rename: unknown) => ({ name, use: 't', weights: 't.pth', rename });
    const list = [teacher('first', [[/a/, 'b']]), teacher('second', [['c', 'd']])];
    const { config } = resolve({ ...run, student: { use: 's' }, teacher: list });
    expect(config.teacher).toMatchObject([{ rename: [['a', 'b']] }, { rename: [['c', 'd']] }]);
  });

  it('leaves with the weights where another model is named', () => {
    const layers = [
      { ...run, student: { use: 's', weights: 's.pth', rename: [['a', 'b']] } },
      { student: { use: 'other' } },
    ].map((value, i) => ({ source: `layer ${i}`, value }));
    expect(resolveConfig(layers).config.student).toEqual({ use: 'other' });
  });

  it.each([
    ['a pattern that is none', [['(', '']], 'expected [regular expression, replacement]'],
    ['flags that are none', [['a', '', 'q']], 'expected [regular expression, replacement]'],
    ['a rule without replacement', [['a']], 'student.rename.0'],
    ['no list', 'a=b', 'student.rename'],
  ])('refuses %s', (_, rename, message) => {
    let error: LimbeckError | undefined;
    try {
      resolve({ ...run, student: { use: 's', rename } });
    } catch (thrown) {
      error = thrown as LimbeckError;
    }
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
  });

  it('stands inside the weights too, with patterns of names, but not in both places', () => {
    const weights = { file: 's.pth', rename: [[/^a/i, 'b']], only: /^net[.]/, drop: [/x$/, 'y$'] };
    expect(resolve({ ...run, student: { use: 's', weights } }).config.student.weights).toEqual({
      file: 's.pth',
      rename: [['^a', 'b', 'i']],
      only: ['^net[.]'],
      drop: ['x$', 'y$'],
      strict: true,
      head: 'load',
    });
    const both = { use: 's', weights, rename: [['a', 'b']] };
    expect(() => resolve({ ...run, student: both })).toThrow(
      /expected rules beside `weights` or inside, not both/,
    );
    const flags = { use: 's', weights: { file: 's.pth', drop: /x/i } };
    expect(() => resolve({ ...run, student: flags })).toThrow(/drop/);
  });

  it('does not let regular expressions in elsewhere', () => {
    expect(() => resolve({ ...run, student: { use: 's', option: /a/ } })).toThrow(
      /student.option: found a RegExp/,
    );
  });
});
