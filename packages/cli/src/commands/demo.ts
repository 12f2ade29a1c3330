import path from 'node:path';
import { nextRunFolder } from '@limbeck/compose';
import { bundled } from '../bundled.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, duration, engineering, percent } from '../output/numbers.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import { refuseExisting } from '../refuse-existing.js';
import type { CompareResult } from '../worker/compare-task.js';
import { surroundings, work } from '../worker/work.js';
import { showTraining } from './train.js';

export interface DemoOptions {
  readonly quick?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** What the demonstration trains, in this order. */
const runs = [
  { label: 'student alone', folder: 'alone', config: bundled.aloneConfig },
  { label: 'student distilled', folder: 'distilled', config: bundled.distilledConfig },
] as const;

/** Epochs with `--quick`. */
const quickEpochs = 1;

/** `limbeck demo`: the same student twice, alone and under a teacher, and how they compare. */
export async function demo(io: Io, { quick, out, json }: DemoOptions): Promise<void> {
  const started = performance.now();
  const folder = path.resolve(io.cwd, out ?? nextRunFolder('demo', io.cwd));
  if (out !== undefined) refuseExisting(folder, 'choose another folder with --out');
  const { bold } = colorsFor(io.env, io.stdout);
  const finished: [label: string, folder: string][] = [];
  for (const [i, { label, folder: name, config }] of runs.entries()) {
    if (!json) print(io, bold(`${i + 1}/${runs.length + 1} ${label}`));
    const runFolder = path.join(folder, name);
    const set = quick ? [`train.epochs=${quickEpochs}`] : [];
    await showTraining(io, { config, set, out: runFolder }, { json });
    finished.push([label, runFolder]);
  }
  if (!json) print(io, bold(`${runs.length + 1}/${runs.length + 1} comparison`));
  const request = { ...surroundings(io), runs: finished };
  const result = await work(io, 'compare', request, () => undefined);
  const seconds = (performance.now() - started) / 1000;
  if (json) io.stdout.write(`${JSON.stringify({ type: 'comparison', folder, seconds, ...result })}\n`);
  else report(io, folder, seconds, result);
}

function report(io: Io, folder: string, seconds: number, { samples, models }: CompareResult): void {
  const { bold } = colorsFor(io.env, io.stdout);
  const right = { align: 'right' } as const;
  const columns = [
    { head: '' },
    { head: 'model' },
    { head: 'top-1', ...right },
    { head: 'parameters', ...right },
    { head: 'multiply-accumulates', ...right },
    { head: 'latency', ...right },
  ];
  const rows = models.map(({ label, id, top1, parameters, macs, latencyMs }) => [
    label,
    id,
    percent(top1, 2),
    count(parameters),
    engineering(macs),
    `${latencyMs.toFixed(2)} ms`,
  ]);
  print(
    io,
    '',
    table(columns, rows),
    `on ${count(samples)} test images; latency is for one image at a time`,
    '',
  );
  const [teacher, alone, distilled] = models;
  if (teacher === undefined || alone === undefined || distilled === undefined) return;
  const gain = (distilled.top1 - alone.top1) * 100;
  const times = (a: number, b: number) => (a / b).toFixed(1);
  print(
    io,
    bold(`distillation: ${gain >= 0 ? '+' : ''}${gain.toFixed(2)} points over training alone`),
    `the student has ${times(teacher.parameters, distilled.parameters)} times fewer parameters than its teacher and answers ${times(teacher.latencyMs, distilled.latencyMs)} times faster`,
    '',
    `run folder  ${shownPath(path.join(folder, 'distilled'), io.cwd)}`,
    `weights     ${shownPath(path.join(folder, 'distilled', 'student.safetensors'), io.cwd)}`,
    `ONNX        ${shownPath(distilled.exported!.file, io.cwd)}`,
    `the ONNX file predicts what the trained student does on all ${count(samples)} test images (largest difference of a logit ${distilled.exported!.logits?.toExponential(1)})`,
    `done in ${duration(seconds)}`,
  );
}

const shownPath = (file: string, cwd: string): string => {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') ? file : relative;
};
