/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {'passed' | 'failed' | 'skipped' | 'pending'} State
 * @typedef {{ state(): string, children: { allTests(): Iterable<{ result(): { state: State } }> } }} TestModule as vitest reports it
 */

/**
 * Counts results. A file that could not be run and an error outside every test count as one failure each: nothing that went
 * wrong may end in `0 failed`.
 * @param {TestModule[]} modules
 * @param {unknown[]} strayErrors
 * @returns {Counts}
 */
export function countResults(modules, strayErrors) {
  const counts = { passed: 0, failed: strayErrors.length, skipped: 0 };
  for (const module of modules) {
    const failedBefore = counts.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === 'pending' ? 'failed' : state] += 1;
    }
    if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed += 1;
  }
  return counts;
}

/** @param {Counts} counts */
export const closingLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;
