import type { UseObject } from '@limbeck/core';
import type { Values } from '../values.js';

/** What a method's row becomes. */
export interface Made {
  /** Nothing for a student alone. */
  readonly distillers: readonly UseObject[];
  /** Weight of the cross-entropy, where the distillers do not say it. */
  readonly taskWeight?: number;
  /** What differs from the source, a sentence each. */
  readonly notes?: readonly string[];
}

/** How a published method is written here. */
export interface Method {
  readonly title: string;
  /** Values of the protocol that are ours where a source has none, with the reason. */
  readonly usual?: Readonly<Record<string, readonly [value: unknown, reason: string]>>;
  make(values: Values): Made;
}

/** A method there is no distiller of here, and why. */
export interface Missing {
  readonly title: string;
  readonly blocked: string;
}

/** Weight of a term of the loss. */
export const weight = (values: Values, name: string, otherwise?: number): number =>
  values.of('lossWeights', name, otherwise);

/** Epochs over which the weight of the distillation rises; 0 where it does not. */
export function riseOf(values: Values): number {
  const { kind, epochs } = values.record('warmup') as { kind?: string; epochs?: number };
  return kind === 'distillation loss' ? epochs! : 0;
}

/** A distiller whose terms rise as the protocol says. */
export function rising(values: Values, distiller: UseObject): UseObject {
  const end = riseOf(values);
  return end === 0 ? distiller : { ...distiller, schedule: { use: 'linear', end, by: 'epoch' } };
}

/** KD beside or without other terms. */
export const kdOf = (values: Values, ce: number, kd: number): UseObject => ({
  use: 'kd',
  weight: kd,
  taskWeight: ce,
  temperature: values.number('temperature'),
});

/** A feature method with the KL term that its toolbox adds, where it does. */
export function withKl(values: Values, distiller: UseObject): Made {
  const [ce, kd] = [weight(values, 'ce', 1), weight(values, 'kd', 0)];
  if (kd > 0) return { distillers: [distiller, kdOf(values, ce, kd)] };
  return { distillers: [distiller], ...(ce === 1 ? {} : { taskWeight: ce }) };
}

/** A number of the method's own parameters. */
export const extra = (values: Values, name: string, otherwise?: number): number =>
  values.of('extra', name, otherwise);
