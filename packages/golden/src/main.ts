import { parseArgs } from 'node:util';
import { onnxBackend } from '@limbeck/backend-onnx';
import { type ComputeBackend, isLimbeckError } from '@limbeck/core';
import { referenceBackend } from '@limbeck/testkit';
import { createGoldenHost } from './golden-host.js';
import type { Outcome } from './outcome.js';
import { runGolden } from './run.js';

const usage = `usage: npm run golden -- FOLDER [--backend onnx|reference] [--json]

Runs every case of a folder shaped like test/golden and prints one line a case with its largest deviation, relative to
the root mean square of the expected values. Exit status 1 when a case is out of tolerance, unknown or unreadable.
`;

const backends: Readonly<Record<string, ComputeBackend>> = { onnx: onnxBackend, reference: referenceBackend };

// a reader such as `head` that has seen enough is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { backend: { type: 'string', default: 'onnx' }, json: { type: 'boolean', default: false } },
  });
  const [folder, ...others] = positionals;
  const backend = backends[values.backend];
  if (folder === undefined || others.length > 0 || backend === undefined) {
    process.stderr.write(
      backend === undefined ? `there is no backend '${values.backend}'\n\n${usage}` : usage,
    );
    return 2;
  }
  const outcomes: Outcome[] = [];
  for await (const outcome of runGolden(folder, { host: await createGoldenHost(), backend })) {
    outcomes.push(outcome);
    if (!values.json) process.stdout.write(line(outcome));
  }
  const failed = outcomes.filter(({ status }) => status !== 'ok').length;
  if (values.json) process.stdout.write(`${JSON.stringify({ folder, backend: backend.id, outcomes })}\n`);
  else process.stdout.write(`${outcomes.length - failed} of ${outcomes.length} cases within tolerance\n`);
  return failed === 0 ? 0 : 1;
}

function line({ name, status, deviation, detail }: Outcome): string {
  const figure = deviation === undefined ? '' : deviation.toExponential(1);
  const mark = status === 'ok' ? 'ok  ' : 'FAIL';
  return `${mark} ${name.padEnd(32)} ${figure.padStart(8)}  ${status === 'ok' ? '' : `${status}: `}${detail}\n`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const code =
    isLimbeckError(error) || error instanceof TypeError ? (error as { code?: string }).code : undefined;
  // anything else is a fault of ours and shows its stack
  if (code === undefined) throw error;
  process.stderr.write(`error[${code}]: ${(error as Error).message}\n`);
  process.exitCode = code.startsWith('ERR_PARSE_ARGS') ? 2 : 1;
}
