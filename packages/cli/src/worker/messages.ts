import type { RunEvent } from '@limbeck/trainer';
import type { PlainError } from '../errors/plain-error.js';
import type { Tasks } from './tasks.js';

/** What work says while it goes on. */
export type Message =
  | { readonly type: 'event'; readonly event: RunEvent }
  /** A line for people. */
  | { readonly type: 'note'; readonly text: string };

/** What a worker is given. Everything crosses threads. */
export interface WorkOrder<K extends keyof Tasks = keyof Tasks> {
  readonly task: K;
  readonly request: Tasks[K]['request'];
  /** One int32: not 0 once the work should stop after the step it is at. */
  readonly stop: SharedArrayBuffer;
}

/** What a worker sends back. */
export type Reply =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: PlainError };

/** What work may do while it goes on. */
export interface WorkContext {
  say(message: Message): void;
  /** True once the work should stop after the step it is at. */
  stopped(): boolean;
}
