import { LimbeckError } from '@limbeck/core';
import { differences } from '../run/identity.js';
import type { Manifest } from '../store/checkpoint/manifest.js';
import type { RunFolder } from '../store/run-folder.js';
import { phasesOf, type RunPhase } from './phases.js';
import type { PreparedRun } from './prepare.js';

/**
 * Whether a run goes on for more epochs than it was started for, and nothing else differs. That has a meaning where every
 * step so far is what a run of that length would have made of it: where rate and weights of terms do not depend on the length.
 *
 * @returns the epochs it was started for; undefined where it is not extended
 * @throws LimbeckError PRECONDITION where the steps so far belong to a run of the former length
 */
export function extensionOf(
  folder: RunFolder,
  { identity, progress }: Manifest,
  run: PreparedRun,
): number | undefined {
  const { epochs: before, ...rest } = identity;
  const { epochs: now, ...same } = run.identity;
  if (typeof before !== 'number' || before === now || differences(rest, same).length > 0) return undefined;
  const refuse = (why: string) =>
    new LimbeckError('PRECONDITION', `the run in ${folder.path} cannot be extended: ${why}`, {
      hint: `start a new run from its weights: limbeck train --from ${folder.path} --set train.epochs=N`,
      details: { path: folder.path, before, now },
    });
  const { epochs } = run.spec;
  if (epochs < before) throw refuse(`it was started for ${before} epochs, and ${epochs} are fewer`);
  if (progress.stopped !== undefined) throw refuse(`it stopped early, since ${progress.stopped}`);
  const main = run.phases.at(-1)!;
  const isMain = progress.phase === run.phases.length - 1;
  const steps = isMain ? progress.epoch * run.stepsPerEpoch + progress.stepInEpoch : 0;
  const former = phasesOf({ ...run.spec, epochs: before }, run.plan, run.stepsPerEpoch).at(-1)!;
  const other = firstDifference(former, main, steps);
  if (other === undefined) return before;
  throw refuse(
    `${other.what} depends on the length of the run; in step ${other.step + 1} it was ${other.past}, and for ${epochs} epochs it would have been ${other.now}`,
  );
}

/** The first step that a run of another length would have taken otherwise. */
function firstDifference(former: RunPhase, now: RunPhase, steps: number) {
  for (let step = 0; step < steps; step++) {
    const [rate, other] = [former.rateAt(step), now.rateAt(step)];
    if (rate !== other) return { what: 'the learning rate', step, past: rate, now: other };
    const factors = now.factorsAt(step);
    for (const [term, factor] of former.factorsAt(step)) {
      const changed = factors.get(term);
      if (factor !== changed) return { what: `the weight of '${term}'`, step, past: factor, now: changed };
    }
  }
  return undefined;
}
