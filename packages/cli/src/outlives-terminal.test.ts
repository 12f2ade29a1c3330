import { expect, test } from 'vitest';
import { outlivesTerminal, type ProcessFacts } from './outlives-terminal.js';

const facts = (some: Partial<ProcessFacts> & { links?: Record<number, string>; flags?: number } = {}) => ({
  linkOf: (descriptor: number) => some.links?.[descriptor],
  flagsOf: () => some.flags,
  parentIgnores: some.parentIgnores ?? false,
});

test.each<[string, Record<string, string>, ProcessFacts, boolean]>([
  [
    'a terminal',
    { _: '/usr/bin/limbeck' },
    facts({ links: { 0: '/dev/pts/3', 1: '/dev/pts/3' }, flags: 2 }),
    false,
  ],
  ['no input', {}, facts({ links: { 0: '/dev/null' }, flags: 0o100000 }), false],
  ['the note of the shell', { _: '/usr/bin/nohup' }, facts(), true],
  ['the file of nohup', {}, facts({ links: { 1: '/home/me/nohup.out' } }), true],
  ['input that cannot be read', {}, facts({ links: { 0: '/dev/null' }, flags: 0o100001 }), true],
  ['a parent under nohup', {}, facts({ parentIgnores: true }), true],
  ['nothing known', {}, facts(), false],
])('%s: %j', (_, env, known, expected) => {
  expect(outlivesTerminal(env, known)).toBe(expected);
});
