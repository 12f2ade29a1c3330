import { Worker } from 'node:worker_threads';
import { LimbeckError } from '@limbeck/core';
import type { Answer, Failure, Item, Order } from './messages.js';
import type { SentRecipe } from './recipe.js';

/** What is loaded in one go. */
export interface Job {
  readonly recipe: number;
  readonly draw: number;
  /** Over a SharedArrayBuffer. */
  readonly images: Float32Array;
  readonly items: readonly Item[];
}

interface Pending {
  readonly thread: number;
  readonly names: readonly string[];
  resolve(failures: readonly Failure[]): void;
  reject(error: Error): void;
}

/** Sources are TypeScript where tests run them, which a thread reads through a loader. */
const entry = new URL(
  import.meta.url.endsWith('.ts') ? '../../../workspace/src/source-worker.mjs' : './worker.js',
  import.meta.url,
);

/** Jobs that a batch is cut into for each thread, so that one slow picture does not hold up the others. */
const jobsEach = 2;

/** Threads that load samples. They are started by the first job, and keep no process alive that waits for none. */
export class LoadingThreads {
  readonly #count: number;
  readonly #threads: Worker[] = [];
  readonly #pending = new Map<number, Pending>();
  readonly #recipes: SentRecipe[] = [];
  #jobs = 0;
  #turn = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Makes a recipe known; returns the number jobs name it by. */
  register(recipe: SentRecipe): number {
    const id = this.#recipes.push(recipe) - 1;
    for (const thread of this.#threads) thread.postMessage({ type: 'recipe', id, recipe } satisfies Order);
    return id;
  }

  /** Loads samples, shared out among the threads; returns the bad ones. @throws LimbeckError BAD_DATA where a thread died */
  async load({ items, ...job }: Job): Promise<Failure[]> {
    if (this.#threads.length === 0) this.#start();
    const each = Math.max(1, Math.ceil(items.length / (this.#count * jobsEach)));
    const parts: Promise<readonly Failure[]>[] = [];
    for (let first = 0; first < items.length; first += each) {
      parts.push(this.#send({ ...job, items: items.slice(first, first + each) }));
    }
    return (await Promise.all(parts)).flat();
  }

  /** Ends the threads. */
  async dispose(): Promise<void> {
    const threads = this.#threads.splice(0);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #send(job: Job): Promise<readonly Failure[]> {
    const number = this.#jobs++;
    const thread = this.#turn++ % this.#count;
    return new Promise((resolve, reject) => {
      const names = job.items.map(({ name, sample }) => ('file' in sample ? sample.file : name));
      this.#pending.set(number, { thread, names, resolve, reject });
      const worker = this.#threads[thread]!;
      worker.ref();
      worker.postMessage({ type: 'load', job: number, ...job } satisfies Order);
    });
  }

  #start(): void {
    for (let number = 0; number < this.#count; number++) {
      const thread = new Worker(entry);
      thread.on('message', (answer: Answer) => this.#hear(number, answer));
      thread.on('error', (error) => this.#lose(number, (error as Error).message));
      thread.on('exit', (code) => this.#lose(number, `it ended with status ${code}`));
      this.#recipes.forEach((recipe, id) => {
        thread.postMessage({ type: 'recipe', id, recipe } satisfies Order);
      });
      thread.unref();
      this.#threads.push(thread);
    }
  }

  #hear(thread: number, answer: Answer): void {
    if (answer.type === 'broken' && answer.job < 0) {
      this.#lose(thread, answer.message);
      return;
    }
    const pending = this.#pending.get(answer.job);
    this.#pending.delete(answer.job);
    if (answer.type === 'loaded') pending?.resolve(answer.failures);
    else pending?.reject(new Error(answer.message));
    if (![...this.#pending.values()].some((other) => other.thread === thread)) this.#threads[thread]?.unref();
  }

  /** What a thread was at fails with the names of its samples. */
  #lose(thread: number, reason: string): void {
    for (const [job, pending] of this.#pending) {
      if (pending.thread !== thread) continue;
      this.#pending.delete(job);
      const shown = pending.names.slice(0, 3).join(', ');
      pending.reject(
        new LimbeckError('BAD_DATA', `a thread that loads samples broke down at one of ${shown}: ${reason}`, {
          hint: 'try data.workers: 0, which names the one; memory may be short',
          details: { names: pending.names },
        }),
      );
    }
  }
}
