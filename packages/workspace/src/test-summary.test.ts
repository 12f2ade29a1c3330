import { describe, expect, it } from 'vitest';
import { closingLine, countResults } from './test-summary.mjs';

type State = 'passed' | 'failed' | 'skipped' | 'pending';

const file = (state: string, tests: State[]) => ({
  state: () => state,
  children: { allTests: () => tests.map((result) => ({ result: () => ({ state: result }) })) },
});

describe('countResults', () => {
  it('counts tests by their state', () => {
    const files = [file('passed', ['passed', 'passed', 'skipped']), file('failed', ['failed', 'passed'])];
    expect(countResults(files, [])).toEqual({ passed: 3, failed: 1, skipped: 1 });
  });

  it('counts a file that did not load, a test that never ended and a stray error as failures', () => {
    const files = [file('failed', []), file('passed', ['pending'])];
    expect(countResults(files, [new Error('unhandled')])).toEqual({ passed: 0, failed: 3, skipped: 0 });
  });
});

it('says the closing line', () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: 3 })).toBe('12 passed, 0 failed, 3 skipped');
});
