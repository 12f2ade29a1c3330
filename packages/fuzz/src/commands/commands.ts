import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { damaged, edits } from '../edits.js';
import { start } from '../soak/command.js';
import { randomChoice, randomNumbers, writeProject } from '../soak/project.js';
import { hostileGraphs } from './hostile-graphs.js';

/** Statuses that the command promises. */
const expected: readonly (number | null)[] = [0, 1, 2];

/** What a whole run of the command is tried with. */
interface CommandCase {
  readonly kind: string;
  readonly args: readonly string[];
  /** Files that are written first. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

const word = fc.constantFrom(
  'train',
  'inspect',
  'eval',
  'export',
  'convert',
  'config',
  'print',
  '--json',
  '--set',
  '--out',
  'run',
  '--resume',
  'alone',
  'train.epochs=1',
  'data.evalBatchSize=1e9',
  'backend.threads=100000',
  'student.use={"use":"speck"}',
  'distiller=kd',
  'teacher=null',
  '',
  '--',
  '-v',
  '../x',
  'a=b=c',
  '--dtype',
  'float16',
);

/** A teacher from a file, with little time and memory for its trial. */
const teacher = JSON.stringify({
  extends: './limbeck.config.json',
  train: { epochs: 1 },
  teacher: { onnx: './model.onnx', limits: { memory: 600, seconds: 20 }, acceptChance: true },
  distiller: 'kd',
});

function cases({
  weights,
  onnx,
  config,
}: {
  weights: Uint8Array;
  onnx: Uint8Array;
  config: string;
}): fc.Arbitrary<CommandCase> {
  const text = new TextEncoder().encode(config);
  const student = ['train', '--out', 'out', '--set', 'train.epochs=1'];
  return fc.oneof(
    fc.array(word, { maxLength: 6 }).map((args) => ({ kind: 'command line', args, files: {} })),
    edits.map((list) => ({
      kind: 'configuration',
      args: ['train', 'other.json', '--out', 'out', '--set', 'train.epochs=1'],
      files: { 'other.json': damaged(text, list) },
    })),
    edits.map((list) => ({
      kind: 'weights',
      args: [...student, '--set', 'student.weights=w.safetensors'],
      files: { 'w.safetensors': damaged(weights, list) },
    })),
    edits.map((list) => ({
      kind: 'damaged ONNX',
      args: ['train', 'teacher.json', '--out', 'out'],
      files: { 'teacher.json': teacher, 'model.onnx': damaged(onnx, list) },
    })),
    hostileGraphs.map((model) => ({
      kind: 'hostile ONNX',
      args: ['train', 'teacher.json', '--out', 'out'],
      files: { 'teacher.json': teacher, 'model.onnx': model },
    })),
    hostileGraphs.map((model) => ({
      kind: 'inspected ONNX',
      args: ['inspect', 'model.onnx', '--json'],
      files: { 'model.onnx': model },
    })),
  );
}

/**
 * Runs the built command as a whole on command lines, configurations, weights and models that are damaged or made up. Each has to end by
 * itself, with a status it promises and without an error that nobody expected.
 *
 * @returns whether all went well
 */
export async function tryCommands(
  options: { readonly commands: number; readonly seed: number },
  say: (line: string) => void,
): Promise<boolean> {
  const { commands, seed } = options;
  const root = mkdtempSync(join(tmpdir(), 'limbeck-commands-'));
  const tally = new Map<string, { runs: number; well: number; failed: number }>();
  const failures: string[] = [];
  try {
    const base = writeProject(join(root, 'base'), { ...randomChoice(randomNumbers(seed)), epochs: 1 });
    const { code, said } = await start(['train', '--out', 'alone'], base).ended;
    if (code !== 0) throw new Error(`the undisturbed run failed: ${said}`);
    const read = (name: string) => new Uint8Array(readFileSync(join(base, 'alone', name)));
    const made = cases({
      weights: read('student.safetensors'),
      onnx: read('student.onnx'),
      config: readFileSync(join(base, 'limbeck.config.json'), 'utf8'),
    });
    for (const [i, one] of fc.sample(made, { numRuns: commands, seed }).entries()) {
      const cwd = writeProject(join(root, `case-${i}`), { ...randomChoice(randomNumbers(seed)), epochs: 1 });
      for (const [name, content] of Object.entries(one.files)) writeFileSync(join(cwd, name), content);
      const end = await start(one.args, cwd).ended;
      const count = tally.get(one.kind) ?? { runs: 0, well: 0, failed: 0 };
      tally.set(one.kind, count);
      count.runs++;
      if (end.code === 0) count.well++;
      if (!expected.includes(end.code) || /INTERNAL/.test(end.said)) {
        count.failed++;
        failures.push(
          `${one.kind}, case ${i} of seed ${seed}: ${JSON.stringify(one.args)} ended with ${end.code ?? end.signal}: ${end.said}`,
        );
      }
      rmSync(cwd, { recursive: true, force: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  say(`${'what was made up'.padEnd(18)} ${'runs'.padStart(6)} ${'done'.padStart(6)} ${'failed'.padStart(7)}`);
  for (const [kind, { runs, well, failed }] of tally) {
    say(
      `${kind.padEnd(18)} ${String(runs).padStart(6)} ${String(well).padStart(6)} ${String(failed).padStart(7)}`,
    );
  }
  for (const failure of failures) say(`\n${failure}`);
  say(`${failures.length} failures`);
  return failures.length === 0 && tally.size > 0;
}
