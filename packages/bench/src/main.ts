import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { LimbeckError } from '@limbeck/core';
import { expectedFailure } from '@limbeck/core/host';
import { type Contestant, limbeckContestant, pytorchContestant, tfjsNodeContestant } from './contestant.js';
import { obstacle, type Placements, placements } from './placements.js';
import { printCost, printProfile, printReport } from './print.js';
import type { Report } from './protocol.js';
import { prepareStep } from './step.js';
import { workloads } from './workloads.js';

const usage = `usage: npm run bench -- [WORKLOAD] [--peer NAME]... [--variants LIST] [--rounds N] [--steps N] [--threads N] [--json] [--profile]

       npm run bench -- loader [--peer pytorch] [--rounds N] [--threads N] [--json]

Measures whole training steps, each variant in a process of its own, in alternation. "loader" measures the
loader alone, from JPEG files to batches, against sharp and PyTorch's DataLoader.

  --peer pytorch   measure PyTorch as well, with the Python that LIMBECK_PYTHON names (default: python3)
  --peer tfjs-node measure the student's step in plain tfjs-node as well (pefd-resnet32x4-resnet8x4 alone)
  --variants LIST  PyTorch variants, comma-separated: eager, channels-last, channels-last-compile, each with
                   :float32 or :bfloat16 behind it (default: all six)
  --rounds N       how often the variants take turns (default 5)
  --steps N        steps a turn (default 3)
  --threads N      threads of each process (default: the machine's cores)
  --against NAME   measure our variants of another workload in the same sitting and print what a step costs more,
                   such as pefd-resnet32x4-resnet8x4 --against none-resnet32x4-resnet8x4
  --profile        print where our time goes, by operation, instead
  --placement ID   of which variant of ours, with --profile: ${placements.map(({ id }) => id).join(', ')}
                   (default: ${placements[0]!.id})
  --json           print one object

Workloads: ${workloads.map(({ id }) => id).join(', ')}
`;

const everyVariant = ['float32', 'bfloat16']
  .flatMap((precision) =>
    ['eager', 'channels-last', 'channels-last-compile'].map((variant) => `${variant}:${precision}`),
  )
  .join(',');

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      peer: { type: 'string', multiple: true, default: [] },
      variants: { type: 'string', default: everyVariant },
      rounds: { type: 'string', default: '5' },
      steps: { type: 'string', default: '3' },
      threads: { type: 'string', default: String(availableParallelism()) },
      profile: { type: 'boolean', default: false },
      placement: { type: 'string', default: placements[0]!.id },
      against: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (positionals[0] === 'loader' && !values.help) return loader(values);
  const [rounds, steps, threads] = [Number(values.rounds), Number(values.steps), Number(values.threads)];
  const name = positionals[0] ?? workloads[0]!.id;
  const workload = workloads.find(({ id }) => id === name);
  const other = values.against === undefined ? undefined : workloads.find(({ id }) => id === values.against);
  const placed = placements.find(({ id }) => id === values.placement);
  const counts = [rounds, steps, threads].every((n) => Number.isInteger(n) && n > 0);
  if (
    values.help ||
    workload === undefined ||
    placed === undefined ||
    (values.against !== undefined && other === undefined) ||
    !counts ||
    values.peer.some((peer) => peer !== 'pytorch' && peer !== 'tfjs-node') ||
    (values.peer.includes('tfjs-node') && workload !== workloads[0])
  ) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  if (values.profile) {
    const step = await prepareStep(workload, { threads, placements: placed, profile: true });
    for (let i = 0; i < steps * rounds; i++) await step.run();
    const profile = await step.profile();
    process.stdout.write(
      values.json ? `${JSON.stringify(profile)}\n` : printProfile(profile, step.compileSeconds),
    );
    return 0;
  }
  const python = process.env.LIMBECK_PYTHON ?? 'python3';
  const variants = values.peer.includes('pytorch') ? values.variants.split(',').map(variantOf) : [];
  const ours = await possible();
  const contestants = [
    ...ours.map((placed) => limbeckContestant(workload.id, placed, threads)),
    ...(other === undefined
      ? []
      : ours.map(({ id, label }) =>
          limbeckContestant(other.id, { id, label: `${label}, ${other.id}` }, threads),
        )),
    ...variants.map((variant) => pytorchContestant(python, workload.id, variant, threads)),
    ...(values.peer.includes('tfjs-node') ? [tfjsNodeContestant(threads)] : []),
  ];
  try {
    const report = await compete(workload.id, contestants, rounds, steps);
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : printReport(report));
    if (other !== undefined && !values.json) process.stdout.write(printCost(report, other.id));
  } finally {
    for (const contestant of contestants) contestant.stop();
  }
  return 0;
}

/** The loader alone, without models. */
async function loader({
  rounds,
  threads,
  peer,
  json,
}: {
  rounds: string;
  threads: string;
  peer: string[];
  json: boolean;
}): Promise<number> {
  const { benchLoader, printLoaderReport } = await import('./loader/bench-loader.js');
  const report = await benchLoader({
    rounds: Number(rounds),
    pictures: 320,
    workers: Number(threads),
    python: peer.includes('pytorch') ? (process.env.LIMBECK_PYTHON ?? 'python3') : undefined,
    progress,
  });
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : printLoaderReport(report));
  return 0;
}

/** Our variants that run here; why the others do not goes to standard error. */
async function possible(): Promise<Placements[]> {
  const found: Placements[] = [];
  for (const placed of placements) {
    const reason = await obstacle(placed);
    if (reason === undefined) found.push(placed);
    else progress(`without '${placed.label}': ${reason}`);
  }
  return found;
}

function variantOf(text: string) {
  const [variant = '', precision = 'float32'] = text.trim().split(':');
  if (variant === '' || !['float32', 'bfloat16'].includes(precision)) {
    throw new LimbeckError('USAGE', `'${text}' is no variant`, { hint: 'write eager:float32, for instance' });
  }
  return { variant, precision };
}

/** Everyone takes turns, so that a busy moment of the machine hits all alike. */
async function compete(
  workload: string,
  contestants: readonly Contestant[],
  rounds: number,
  steps: number,
): Promise<Report> {
  for (const contestant of contestants) {
    progress(`warming up ${contestant.implementation} ${contestant.variant}`);
    if (contestant.implementation === 'limbeck') await contestant.read();
    else await contestant.measure(1);
  }
  for (const contestant of contestants) contestant.forget();
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`);
    for (const contestant of contestants) await contestant.measure(steps);
  }
  return { workload, rows: contestants.map(({ row }) => row) };
}

const progress = (message: string) => process.stderr.write(`${message}\n`);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const failure = expectedFailure(error);
  // anything else is a fault of ours and shows its stack
  if (failure === undefined) throw error;
  process.stderr.write(`${failure.text}\n`);
  process.exitCode = failure.exitCode;
}
