import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunEstimate } from '@limbeck/trainer';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { bytes, count, duration, plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';
import { surroundings, work } from '../worker/work.js';
import { requireClasses } from './check-data.js';
import { usualFolder } from './configure.js';
import { orderRuns, type RecipeOrder } from './orders.js';
import type { ReproductionRecord } from './record.js';

/** What is asked of a plan. */
export interface PlanOptions {
  readonly seeds: number;
  readonly data?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** A kind of run, measured once, and how many there are of it. */
interface Planned {
  readonly label: string;
  readonly runs: number;
  readonly estimate: RunEstimate;
}

/** `limbeck reproduce ID --plan`: what would run, and what it takes here. Writes nothing that stays. */
export async function planRuns(io: Io, record: ReproductionRecord, options: PlanOptions): Promise<void> {
  const { recipe, scale } = record;
  const { seeds, data, json } = options;
  const scratch = mkdtempSync(path.join(tmpdir(), 'limbeck-plan-'));
  try {
    const orders = await orderRuns(scratch, record, { data, seeds, cwd: io.cwd });
    const folder = path.resolve(io.cwd, options.out ?? usualFolder(recipe, { scale }));
    const { config, set } = orders.students[0]!;
    requireClasses(recipe, await work(io, 'data', { ...surroundings(io), config, set }, () => undefined));
    const planned: Planned[] = [];
    if (orders.teacher !== undefined) {
      planned.push({
        label: orders.teacher.label,
        runs: 1,
        estimate: await measured(io, orders.teacher, json),
      });
    }
    const label = `${recipe.method}, ${recipe.student}`;
    planned.push({ label, runs: seeds, estimate: await measured(io, orders.students[0]!, json) });
    const total = totals(planned);
    if (json) printJson(io, { id: recipe.id, scale, folder, runs: planned, ...total });
    else show(io, { description: recipe.description, folder, planned, total });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function measured(io: Io, { label, config, set }: RecipeOrder, json?: boolean): Promise<RunEstimate> {
  if (!json) io.stderr.write(`measuring ${label}\n`);
  return work(io, 'plan', { ...surroundings(io), config, set, drawTeachers: true }, () => undefined);
}

interface Total {
  readonly seconds: number;
  readonly diskBytes: number;
}

/** Runs share the caches of their teacher, unless its images are augmented: then each seed has its own. */
function totals(planned: readonly Planned[]): Total {
  const sum = (of: (estimate: RunEstimate) => number) =>
    planned.reduce((all, { runs, estimate }) => all + runs * of(estimate), 0);
  return {
    seconds: sum(({ seconds }) => seconds.total),
    diskBytes: sum(({ disk }) => disk.run + disk.caches),
  };
}

interface Shown {
  readonly description: string;
  readonly folder: string;
  readonly planned: readonly Planned[];
  readonly total: Total;
}

function show(io: Io, { description, folder, planned, total }: Shown): void {
  const { bold, dim } = colorsFor(io.env, io.stdout);
  const right = { align: 'right' } as const;
  const columns = [
    { head: 'what' },
    ...['runs', 'epochs', 'steps an epoch', 'ms a step', 'time each', 'disk each'].map((head) => ({
      head,
      ...right,
    })),
  ];
  const rows = planned.map(({ label, runs, estimate: { epochs, stepsPerEpoch, steps, seconds, disk } }) => [
    label,
    String(runs),
    count(epochs),
    count(stepsPerEpoch),
    steps.stepMs.toFixed(1),
    duration(seconds.total),
    bytes(disk.run + disk.caches),
  ]);
  print(
    io,
    bold(description),
    table(columns, rows).trimEnd(),
    `in all about ${bold(duration(total.seconds))} and ${bytes(total.diskBytes)}, in ${folder}`,
    dim(`${plural(planned[0]!.estimate.steps.steps, 'step')} of each were measured here`),
  );
}
