import { LimbeckError } from '@limbeck/core';
import { type Evaluation, evaluate } from '../evaluate/evaluate.js';
import { executableClassifier } from '../execute/classifier.js';
import { refuseNonFinite, Stepper, type StepResult } from '../execute/step.js';
import type { RunListener } from '../run/events.js';
import type { MetricValues } from '../run/facts.js';
import { accuracyOf, emptySums, meansOf, type Progress, weightsOf } from '../run/progress.js';
import { pruneCheckpoints } from '../store/checkpoint/prune.js';
import { saveCheckpoint } from '../store/checkpoint/save.js';
import { type RunFolder, runFiles } from '../store/run-folder.js';
import type { CompiledRun } from './compiled-run.js';
import { Pace } from './pace.js';
import type { RunPhase } from './phases.js';
import type { PreparedRun } from './prepare.js';

/** What a session works with. */
export interface SessionParts {
  readonly run: PreparedRun;
  readonly compiled: CompiledRun;
  readonly folder: RunFolder;
  readonly progress: Progress;
  readonly emit: RunListener;
  readonly stop: () => boolean;
}

/** What the deployed student makes of each split; nothing where none is due. */
export interface Measured {
  readonly test?: MetricValues;
  readonly train?: MetricValues;
}

/** One process's share of a run: from where it stands to its end. */
export class Session {
  readonly run: PreparedRun;
  readonly #compiled: CompiledRun;
  readonly #folder: RunFolder;
  readonly #emit: RunListener;
  /** True once the run should end with a checkpoint. */
  readonly stop: () => boolean;
  #stepper: Stepper;
  readonly stepsPerEpoch: number;
  readonly pace: Pace;
  readonly progress: Progress;

  constructor({ run, compiled, folder, progress, emit, stop }: SessionParts) {
    this.run = run;
    this.#compiled = compiled;
    this.#folder = folder;
    this.#emit = emit;
    this.stop = stop;
    this.progress = progress;
    this.pace = new Pace(progress.seconds);
    this.stepsPerEpoch = run.stepsPerEpoch;
    this.#stepper = new Stepper(this.phase.plan, compiled);
  }

  /** Saves where the run stands; returns the path. */
  async checkpoint({ best = false }: { best?: boolean } = {}): Promise<string> {
    const { progress } = this;
    progress.seconds = this.pace.seconds;
    const state = await this.#compiled.trainingState();
    this.#folder.metrics.sync();
    const checkpoints = this.#folder.file(runFiles.checkpoints);
    const path = saveCheckpoint(checkpoints, {
      state,
      progress,
      metrics: { bytes: this.#folder.metrics.length, sha256: this.#folder.metrics.sha256() },
      identity: this.run.identity,
    });
    this.prune();
    this.#emit({ type: 'checkpoint', path, step: progress.step, best });
    return path;
  }

  /** Removes checkpoints that need not be kept. */
  prune(): void {
    const { progress, stepsPerEpoch } = this;
    const { checkpoint: policy } = this.run.spec;
    pruneCheckpoints(this.#folder.file(runFiles.checkpoints), policy, { progress, stepsPerEpoch });
  }

  /** The one that runs. */
  get phase(): RunPhase {
    return this.run.phases[this.progress.phase]!;
  }

  get isMain(): boolean {
    return this.phase.name === undefined;
  }

  /** True after the last epoch of the main phase, or where it was stopped early. */
  get isDone(): boolean {
    const { epoch, stopped } = this.progress;
    return this.isMain && (epoch >= this.phase.epochs || stopped !== undefined);
  }

  /** Goes on with the next phase, which begins with the values this one leaves. */
  async enterNextPhase(): Promise<void> {
    this.progress.phase++;
    this.progress.epoch = 0;
    await this.#compiled.enter(this.phase);
    this.#stepper = new Stepper(this.phase.plan, this.#compiled);
    this.announcePhase();
  }

  /** Says which phase runs, in runs that have more than one. */
  announcePhase(): void {
    const { phases } = this.run;
    if (phases.length > 1) this.#emit({ type: 'phase', ...this.#named(), epochs: this.phase.epochs });
  }

  /** For events: which initial phase it is. */
  #named(): { phase?: string } {
    const { name } = this.phase;
    return name === undefined ? {} : { phase: name };
  }

  /** @throws LimbeckError NON_FINITE */
  async step(): Promise<void> {
    const { progress } = this;
    const phase = this.phase;
    const started = performance.now();
    const { plan } = phase;
    const epoch = phase.epochsBefore + progress.epoch;
    const first = progress.stepInEpoch * plan.batches;
    const lr = phase.rateAt(this.#stepInPhase);
    const result = await this.#stepper.run({
      batch: (part) => this.run.source.batch(plan, epoch, first + part),
      lr,
      averageDecay: phase.averageDecayAt?.(this.#stepInPhase),
      factors: phase.factorsAt(this.#stepInPhase),
    });
    const place = { step: progress.step + 1, epoch: progress.epoch + 1, lr, ...this.#named() };
    refuseNonFinite(result, place);
    addUp(progress, result);
    this.pace.step((performance.now() - started) / 1000);
    this.#emit({
      type: 'step',
      ...this.#named(),
      epoch: progress.epoch + 1,
      stepInEpoch: progress.stepInEpoch,
      step: progress.step,
      lr,
      losses: result.losses,
      ...weightsOf(result.weights),
      ...accuracyOf(progress.sums),
      imagesPerSecond: this.pace.stepsPerSecond * result.samples,
      secondsLeft: this.#secondsLeft(),
    });
    // signals and messages reach this thread between steps only
    await new Promise(setImmediate);
  }

  /** Steps done of the phase that runs. */
  get #stepInPhase(): number {
    return this.progress.epoch * this.stepsPerEpoch + this.progress.stepInEpoch;
  }

  /** Says what the epoch came to, and goes on to the next. */
  endEpoch({ test, train, best }: Measured & { readonly best?: boolean }): void {
    const { progress } = this;
    const epoch = progress.epoch + 1;
    this.#emit({
      type: 'epoch',
      ...this.#named(),
      epoch,
      step: progress.step,
      lr: this.phase.rateAt(this.#stepInPhase - 1),
      ...meansOf(progress),
      test,
      best,
      train,
      imagesPerSecond: this.pace.epochStepsPerSecond * this.run.spec.data.batchSize * this.phase.plan.batches,
      seconds: this.pace.epochSeconds,
    });
    progress.epoch = epoch;
    progress.stepInEpoch = 0;
    progress.sums = emptySums();
    if (progress.stopped !== undefined) {
      this.#emit({ type: 'early-stop', epoch, reason: progress.stopped });
    }
  }

  /** The deployed student on the test split, and on the training split where that is asked for. */
  async evaluate(epoch: number): Promise<Measured> {
    await this.#compiled.deploy();
    const { splits, trainImages } = this.run.spec.evaluate;
    const test = await this.#measure('test', epoch);
    const train = splits.includes('train') ? await this.#measure('train', epoch, trainImages) : undefined;
    this.pace.evaluation(test.seconds + (train?.seconds ?? 0));
    return { test: test.metrics, ...(train === undefined ? {} : { train: train.metrics }) };
  }

  async #measure(split: 'test' | 'train', epoch: number, samples?: number): Promise<Evaluation> {
    const { metrics, spec } = this.run;
    const classifier = executableClassifier(this.#compiled.deployed);
    const { dataset } = spec.data;
    const teachers = this.#compiled.evaluated[split];
    const stop = this.stop;
    const model = `the student after epoch ${epoch}`;
    const result = await evaluate({ model, classifier, dataset, metrics, teachers, split, samples, stop });
    const bad = Object.entries(result.metrics).find(([, value]) => !Number.isFinite(value));
    if (bad === undefined) return result;
    throw new LimbeckError(
      'NON_FINITE',
      `metric '${bad[0]}' on the ${split} split is ${bad[1]} after epoch ${epoch}`,
      {
        hint: 'the model has become numerically unsound: try a lower learning rate or a warm-up; checkpoints are kept',
        details: { metric: bad[0], epoch, step: this.progress.step },
      },
    );
  }

  #secondsLeft(): number {
    const { spec, phases } = this.run;
    const { every } = spec.evaluate;
    const all = phases.reduce((sum, { epochs }) => sum + epochs, 0) * this.stepsPerEpoch;
    const evaluated = this.isMain ? Math.floor(this.progress.epoch / every) : 0;
    const evaluations = Math.ceil(spec.epochs / every) - evaluated;
    return this.pace.secondsFor(all - this.progress.step, evaluations);
  }
}

function addUp(progress: Progress, { losses, weights, correct, samples }: StepResult): void {
  const { sums } = progress;
  for (const [name, value] of Object.entries(losses)) sums.losses[name] = (sums.losses[name] ?? 0) + value;
  for (const [name, value] of Object.entries(weights)) sums.weights[name] = (sums.weights[name] ?? 0) + value;
  if (correct !== undefined) {
    sums.correct += correct;
    sums.samples += samples;
  }
  progress.step++;
  progress.stepInEpoch++;
}
