import { describe, expect, it } from 'vitest';
import { damaged } from './edits.js';
import { fuzz } from './fuzz.js';
import { subjects } from './subjects.js';

/** A fixed seed: a suite that fails by chance teaches nobody. `npm run fuzz` draws others. */
const seed = 20240607;

describe('a damaged or made-up file', () => {
  it.each(subjects().map((subject) => [subject.name, subject] as const))(
    '%s: is read or refused',
    (_, subject) => {
      const { failure, cases, read } = fuzz(subject, { cases: 400, seed });
      expect(failure).toBeUndefined();
      expect(cases).toBe(400);
      expect(read, 'none got through: the damage is too coarse to test anything').toBeGreaterThan(0);
    },
  );
});

describe('the fuzzer itself', () => {
  const [subject] = subjects();

  it.each<[string, () => number, string]>([
    ['throws an error without a code', () => JSON.parse('{'), 'JSON'],
    ['makes too much of a file', () => 1e9, '1000000000 bytes were made'],
  ])('finds a parser that %s', (_, read, message) => {
    const { failure } = fuzz({ ...subject!, read }, { cases: 10, seed });
    expect(failure).toContain(message);
  });

  it('finds a parser that does not name its source', () => {
    const error = Object.assign(new Error('bad'), { [Symbol.for('limbeck.error')]: true, code: 'BAD_FILE' });
    const read = () => {
      throw error;
    };
    expect(fuzz({ ...subject!, read }, { cases: 10, seed }).failure).toContain('the source is not named');
  });

  it('damages a copy', () => {
    const file = Uint8Array.of(1, 2, 3, 4);
    const bytes = damaged(file, [
      { kind: 'bit', at: 0, bit: 0 },
      { kind: 'insert', at: 0.5, bytes: Uint8Array.of(9) },
      { kind: 'cut', at: 0.9 },
    ]);
    expect([file, bytes]).toEqual([Uint8Array.of(1, 2, 3, 4), Uint8Array.of(0, 2, 9, 3)]);
  });
});
