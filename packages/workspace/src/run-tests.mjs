/**
 * Runs the tests with vitest: `npm test [-- vitest's own arguments and filters]`, such as `--project unit` or `--coverage`. The last
 * line is always `N passed, N failed, N skipped`; the results are also written to coverage/test-results.json.
 */
import { parseCLI, startVitest } from 'vitest/node';
import { closingLine, countResults } from './test-summary.mjs';

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);

const vitest = await startVitest('test', filter, {
  ...options,
  watch: false,
  reporters: ['default', ['json', { outputFile: 'coverage/test-results.json' }]],
  coverage: { reporter: ['text-summary'], reportOnFailure: true, ...options.coverage },
});
const counts = countResults(vitest.state.getTestModules(), vitest.state.getUnhandledErrors());
await vitest.close();
if (counts.failed > 0) process.exitCode = 1;
process.stdout.write(`\n${closingLine(counts)}\n`);
