import { describe, expect, it } from 'vitest';
import { FormatError } from './errors.js';

describe('FormatError', () => {
  it('has the shape and the brand of an expected failure', () => {
    const error = new FormatError('BAD_FILE', 'broken', { hint: 'mend it', details: { byte: 3 } });
    expect(error).toMatchObject({ code: 'BAD_FILE', message: 'broken', hint: 'mend it', exitCode: 1 });
    expect(error.details).toEqual({ byte: 3 });
    expect(Symbol.for('limbeck.error') in error).toBe(true);
    expect(Object.keys(error)).not.toContain('limbeck.error');
  });
});
