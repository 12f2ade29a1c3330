import { parseArgs } from 'node:util';
import { expectedFailure } from '@limbeck/core/host';
import { conformanceTargets } from '@limbeck/testkit';
import { createGoldenHost } from './golden-host.js';
import type { Outcome } from './outcome.js';
import { runGolden } from './run.js';
import { boundBackend, type TargetPlace, targetPlaces } from './targets.js';

const usage = `usage: npm run golden -- FOLDER [--backend NAME] [--only FILES] [--json]

Runs every case of a folder shaped like test/golden and prints one line a case with its largest deviation, relative to
the root mean square of the expected values. Exit status 1 when a case is out of tolerance, unknown or unreadable.

  --backend NAME  onnx (default), or one of ${conformanceTargets.join(', ')}
  --only FILES    names of files without .json, with commas between: trajectory,losses
  --json          one object instead of lines
`;

const places: Readonly<Record<string, TargetPlace>> = {
  onnx: { backend: targetPlaces['onnx-cpu'].backend },
  ...targetPlaces,
};

// a reader such as `head` that has seen enough is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      backend: { type: 'string', default: 'onnx' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [folder, ...others] = positionals;
  const place = places[values.backend];
  if (folder === undefined || others.length > 0 || place === undefined) {
    process.stderr.write(place === undefined ? `there is no backend '${values.backend}'\n\n${usage}` : usage);
    return 2;
  }
  const only = values.only?.split(',').map((name) => name.trim());
  const context = { host: await createGoldenHost(), backend: boundBackend(place) };
  const outcomes: Outcome[] = [];
  for await (const outcome of runGolden(folder, context, { only })) {
    outcomes.push(outcome);
    if (!values.json) process.stdout.write(line(outcome));
  }
  const failed = outcomes.filter(({ status }) => status !== 'ok').length;
  if (values.json) process.stdout.write(`${JSON.stringify({ folder, backend: values.backend, outcomes })}\n`);
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
  const failure = expectedFailure(error);
  // anything else is a fault of ours and shows its stack
  if (failure === undefined) throw error;
  process.stderr.write(`${failure.text}\n`);
  process.exitCode = failure.exitCode;
}
