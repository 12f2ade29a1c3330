/** A model between two aims. */
export interface Candidate {
  /** What it takes, such as parameters: less is better. */
  readonly cost: number;
  /** How good it is: more is better. */
  readonly merit: number;
}

/**
 * Which of several models are on the Pareto front: no other is as good and cheaper, or better and as cheap. Of equals all
 * are.
 */
export const onFront = (candidates: readonly Candidate[]): boolean[] =>
  candidates.map(({ cost, merit }) =>
    candidates.every(
      (other) => !(other.cost <= cost && other.merit >= merit && (other.cost < cost || other.merit > merit)),
    ),
  );
