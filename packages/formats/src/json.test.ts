import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from './errors.js';
import { type JsonValue, parseJson } from './json.js';

/** What `JSON.parse` would give, where no key is special. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

describe('parseJson', () => {
  it('agrees with JSON.parse on any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 3 }), (value) => {
        const text = JSON.stringify(value, null, 1);
        expect(plain(parseJson(text, 'test'))).toEqual(JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });

  it('accepts nothing that JSON.parse refuses', () => {
    const bits = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      'nul',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 9 }), (parts) => {
        const text = parts.join('');
        let parsed: JsonValue;
        try {
          parsed = parseJson(text, 'test');
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          return;
        }
        expect(plain(parsed)).toEqual(JSON.parse(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps the order of keys and gives none a meaning', () => {
    const value = parseJson('{"b":1,"10":2,"__proto__":3,"2":4}', 'test');
    expect([...(value as ReadonlyMap<string, number>)]).toEqual([
      ['b', 1],
      ['10', 2],
      ['__proto__', 3],
      ['2', 4],
    ]);
  });

  it.each([
    ['a duplicate key', '{"a":1,"a":2}', 'the key "a" occurs twice'],
    ['a duplicate key, once escaped', '{"a":1,"\\u0061":2}', 'the key "a" occurs twice'],
    ['half a surrogate pair', '"\\ud800"', 'half a surrogate pair'],
    ['a control character', '"a\nb"', 'a string is not valid'],
    ['an open string', '"abc\\"', 'a string does not end'],
    ['text after the end', '{} x', 'text after the end'],
    ['a number with a leading zero', '01', 'text after the end'],
    ['nothing', '', 'a value was expected'],
    ['masses of tiny objects', `[${'{},'.repeat(300_000)}{}]`, 'out of proportion'],
    ['masses of numbers', `[${'1,'.repeat(6_000_000)}1]`, 'out of proportion'],
    ['deep nesting', '['.repeat(100_000), 'nested more than 32 levels'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseJson(text, 'test')).toThrow(message);
  });
});
