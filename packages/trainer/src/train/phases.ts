import { LimbeckError } from '@limbeck/core';
import { averageDecay, type LearningRateFactor } from '@limbeck/nn';
import type { StepPlan, StudentPlan } from '../programs/student.js';
import type { RunSpec } from '../run/run-spec.js';

/** A part of a run with a program of its own; the main phase is the last. */
export interface RunPhase {
  /** Of an initial phase: the place of the distiller it belongs to. The main phase has none. */
  readonly name?: string;
  readonly plan: StepPlan;
  readonly epochs: number;
  /** Epochs of the phases before: the data of every epoch of a run are drawn anew. */
  readonly epochsBefore: number;
  /** Learning rate at a step of the phase, counted from 0. */
  readonly rateAt: (step: number) => number;
  /** Decay of the weights' average at a step of the phase, counted from 0; absent where it keeps none. */
  readonly averageDecayAt?: (step: number) => number;
  /** Factors of the weights that have a course, by term, at a step of the phase. */
  readonly factorsAt: (step: number) => ReadonlyMap<string, number>;
}

/** The phases of a run in order. */
export function phasesOf(spec: RunSpec, plan: StudentPlan, stepsPerEpoch: number): RunPhase[] {
  const phases: RunPhase[] = [];
  let epochsBefore = 0;
  for (const initial of plan.initial) {
    const { place: name, epochs, lr = spec.lr } = initial;
    if (!Number.isFinite(lr) || lr < 0) {
      throw new LimbeckError('PRECONDITION', `the initial phase of distiller '${name}' has a lr of ${lr}`);
    }
    const factorsAt = factorsOf(initial, { epochs, stepsPerEpoch });
    phases.push({ name, plan: initial, epochs, epochsBefore, rateAt: () => lr, factorsAt });
    epochsBefore += epochs;
  }
  const horizon = { epochs: spec.epochs, stepsPerEpoch };
  const factor = spec.schedule.contribution.create(spec.schedule.options, horizon);
  const main: RunPhase = {
    plan,
    epochs: spec.epochs,
    epochsBefore,
    rateAt: (step) => spec.lr * factor(step),
    factorsAt: factorsOf(plan, horizon),
    averageDecayAt: spec.ema && averageDecay(spec.ema),
  };
  return [...phases, main];
}

function factorsOf(
  { schedules }: StepPlan,
  horizon: { epochs: number; stepsPerEpoch: number },
): RunPhase['factorsAt'] {
  const factors = [...schedules].map(([term, chosen]) => {
    const parts = chosen.map(
      ({ contribution, options }): LearningRateFactor => contribution.create(options, horizon),
    );
    return [term, (step: number) => parts.reduce((all, part) => all * part(step), 1)] as const;
  });
  return (step) => new Map(factors.map(([term, factor]) => [term, factor(step)]));
}
