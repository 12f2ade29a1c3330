/** Cases of one parser in a row. */
export interface Round {
  /** Name of the subject. */
  readonly subject: string;
  readonly cases: number;
  readonly seed: number;
}

/** Cases of a long round; it takes a second or two. */
const longest = 1000;

/**
 * Deals cases out to subjects, which take turns; every time round has a seed of its own. Rounds are short enough that every
 * subject has its turn, as long as there are as many cases as subjects.
 */
export function* rounds(
  subjects: readonly string[],
  { cases, seed }: { cases: number; seed: number },
): Generator<Round> {
  const size = Math.max(1, Math.min(longest, Math.floor(cases / subjects.length)));
  let left = cases;
  for (let i = 0; left > 0; i++) {
    const round = Math.floor(i / subjects.length);
    yield { subject: subjects[i % subjects.length]!, cases: Math.min(size, left), seed: (seed + round) | 0 };
    left -= size;
  }
}
