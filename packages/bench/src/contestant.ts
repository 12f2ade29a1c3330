import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findPackage } from '@limbeck/backend-tfjs';
import { LimbeckError } from '@limbeck/core';
import { median } from '@limbeck/trainer';
import type { Placements } from './placements.js';
import type { Failure, Measurement, Request, Row } from './protocol.js';

/** What to do where a peer does not start. */
const remedies: Readonly<Partial<Record<Row['implementation'], string>>> = {
  pytorch: 'set LIMBECK_PYTHON to a Python with PyTorch 2',
  'tfjs-node': 'npm run setup:tfjs',
};

/** A process that measures one variant when asked. */
export class Contestant {
  readonly implementation: Row['implementation'];
  readonly variant: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #measured: Measurement[] = [];
  #errors = '';

  constructor(identity: Pick<Row, 'implementation' | 'variant'>, command: string, args: readonly string[]) {
    this.implementation = identity.implementation;
    this.variant = identity.variant;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString()}`.slice(-2000);
    });
    // a process that cannot start closes its output, which is what the next read sees
    this.#child.on('error', (error) => {
      this.#errors += error.message;
    });
    this.#child.stdin!.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next line of its output. */
  async read<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      throw new LimbeckError(
        'BACKEND_FAILED',
        `${this.implementation} ${this.variant} stopped: ${this.#errors.trim()}`,
        {
          hint: remedies[this.implementation],
        },
      );
    }
    const answer = JSON.parse(value) as T | Failure;
    if (typeof answer === 'object' && answer !== null && 'error' in answer) {
      const { code, message } = answer.error;
      throw new LimbeckError('BACKEND_FAILED', `${this.implementation} ${this.variant}: ${code}: ${message}`);
    }
    return answer as T;
  }

  /** Takes steps and remembers the times. */
  async measure(steps: number): Promise<void> {
    const request: Request = { steps };
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    this.#measured.push(await this.read<Measurement>());
  }

  /** Drops what was measured so far: the warm-up. */
  forget(): void {
    this.#measured.length = 0;
  }

  /** Medians over all rounds; the peak over the whole life. */
  get row(): Row {
    const middle = (key: keyof Measurement) => median(this.#measured.map((m) => m[key]));
    const [{ stepMs, imagesPerSecond }] = this.#measured as [Measurement];
    return {
      implementation: this.implementation,
      variant: this.variant,
      teacherMs: middle('teacherMs'),
      studentMs: middle('studentMs'),
      stepMs: middle('stepMs'),
      imagesPerSecond: (imagesPerSecond * stepMs) / middle('stepMs'),
      peakRssMb: Math.max(...this.#measured.map((m) => m.peakRssMb)),
    };
  }

  /** Ends the process that was started, and no other. */
  stop(): void {
    this.#child.stdin!.end();
    this.#child.kill();
  }
}

/** Our own runner, in a process of its own. */
export function limbeckContestant(
  workload: string,
  { id, label }: Pick<Placements, 'id' | 'label'>,
  threads: number,
): Contestant {
  const runner = fileURLToPath(new URL('./runner.js', import.meta.url));
  const args = [runner, '--workload', workload, '--threads', String(threads), '--placements', id];
  return new Contestant({ implementation: 'limbeck', variant: label }, process.execPath, args);
}

/** A variant of the PyTorch peer. */
export function pytorchContestant(
  python: string,
  workload: string,
  { variant, precision }: { variant: string; precision: string },
  threads: number,
): Contestant {
  const script = fileURLToPath(new URL('../peers/pytorch.py', import.meta.url));
  const args = [script, '--workload', workload, '--variant', variant, '--precision', precision];
  return new Contestant({ implementation: 'pytorch', variant: `${variant} ${precision}` }, python, [
    ...args,
    '--threads',
    String(threads),
  ]);
}

/** The student's step in plain tfjs-node, which knows one workload. */
export function tfjsNodeContestant(threads: number): Contestant {
  const script = fileURLToPath(new URL('../peers/tfjs-node.mjs', import.meta.url));
  const args = [script, '--module', findPackage().file, '--threads', String(threads)];
  return new Contestant(
    { implementation: 'tfjs-node', variant: 'student, eager float32' },
    process.execPath,
    args,
  );
}
