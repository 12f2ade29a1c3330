import { LimbeckError, type Split, targetsOf } from '@limbeck/core';
import { fastRandom } from '../fast-random.js';
import { pickSamples } from './pick.js';

/** How a part of a split is cut off. */
export interface CutOptions {
  /** Share of the samples, above 0 and below 1. */
  readonly share: number;
  /** The same share of every class. */
  readonly stratified: boolean;
  readonly seed: number;
}

/** Keeps these draws apart from those of orders. */
const cutStream = -4;

/**
 * Cuts a part off a split: the same samples for the same seed, whatever else a run does. Both parts keep the split's order.
 * Of a class, a stratified cut takes the share rounded to whole samples, but leaves one at least.
 *
 * @returns `[what stays, what is cut off]`
 * @throws LimbeckError BAD_DATA where a part would be empty, PRECONDITION where classes count and the samples have none
 */
export function cutOff(split: Split, { share, stratified, seed }: CutOptions): [Split, Split] {
  const groups = stratified ? byClass(split) : [Array.from({ length: split.length }, (_, i) => i)];
  const taken = new Uint8Array(split.length);
  for (const [group, samples] of groups.entries()) {
    const count = Math.min(samples.length - 1, Math.round(share * samples.length));
    const random = fastRandom(seed, cutStream, group);
    for (let i = 0; i < count; i++) {
      const j = i + random.int(samples.length - i);
      [samples[i], samples[j]] = [samples[j]!, samples[i]!];
      taken[samples[i]!] = 1;
    }
  }
  const part = (wanted: number) =>
    Int32Array.from(Array.from({ length: split.length }, (_, i) => i).filter((i) => taken[i] === wanted));
  const [stays, cut] = [part(0), part(1)];
  if (stays.length === 0 || cut.length === 0) {
    throw new LimbeckError(
      'BAD_DATA',
      `${share} of ${split.length} samples leaves ${stays.length} and cuts off ${cut.length}`,
      { hint: 'change the share in data.split, or bring more images' },
    );
  }
  return [pickSamples(split, stays), pickSamples(split, cut)];
}

function byClass(split: Split): number[][] {
  const { length } = split;
  const targets = targetsOf(split);
  if (targets.kind !== 'index') {
    throw new LimbeckError('PRECONDITION', 'a stratified split needs class labels, the samples have none', {
      hint: 'say data.split.stratified: false',
    });
  }
  const groups = new Map<number, number[]>();
  for (let sample = 0; sample < length; sample++) {
    const label = targets.values[sample]!;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [sample]);
    else group.push(sample);
  }
  // by class, so that draws do not depend on the order of samples
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}
