/** How much a new step counts in the running mean of step times. */
const newShare = 0.05;

/** Measures how fast a run goes and guesses how long it will take. */
export class Pace {
  readonly #started = performance.now();
  readonly #secondsBefore: number;
  #stepSeconds = 0;
  #evaluationSeconds = 0;
  #epochStarted = performance.now();
  #epochSteps = 0;
  #epochStepSeconds = 0;

  /** @param secondsBefore what an interrupted run has spent already */
  constructor(secondsBefore: number) {
    this.#secondsBefore = secondsBefore;
  }

  /** Seconds of the whole run so far. */
  get seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000;
  }

  /** Seconds since the epoch began, or since it was resumed. */
  get epochSeconds(): number {
    return (performance.now() - this.#epochStarted) / 1000;
  }

  /** Steps a second lately. */
  get stepsPerSecond(): number {
    return 1 / this.#stepSeconds;
  }

  /** Steps a second over the epoch, evaluation left out; 0 where none was run. */
  get epochStepsPerSecond(): number {
    return this.#epochSteps === 0 ? 0 : this.#epochSteps / this.#epochStepSeconds;
  }

  beginEpoch(): void {
    this.#epochStarted = performance.now();
    this.#epochSteps = 0;
    this.#epochStepSeconds = 0;
  }

  step(seconds: number): void {
    this.#epochSteps++;
    this.#epochStepSeconds += seconds;
    const first = this.#stepSeconds === 0;
    this.#stepSeconds = first ? seconds : this.#stepSeconds + newShare * (seconds - this.#stepSeconds);
  }

  evaluation(seconds: number): void {
    this.#evaluationSeconds = seconds;
  }

  /** Seconds that so many steps and evaluations will take. */
  secondsFor(steps: number, evaluations: number): number {
    return steps * this.#stepSeconds + evaluations * this.#evaluationSeconds;
  }
}
