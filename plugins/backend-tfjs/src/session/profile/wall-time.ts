/** When something ran, in milliseconds of one clock. */
export interface Span {
  readonly begin: number;
  readonly milliseconds: number;
}

/** A stretch of time, dealt out to what ran in it. */
export interface WallTime {
  /** For each span: every moment counts once, and the spans that ran at that moment share it evenly. */
  readonly shares: Float64Array;
  /** Milliseconds in which at least one ran: the sum of the shares. */
  readonly covered: number;
}

/**
 * Deals time out to spans that may overlap. TensorFlow runs operations that do not wait for each other at the same time, and then
 * their durations add up to more than the time that went by.
 */
export function dealOut(spans: readonly Span[]): WallTime {
  const edges = spans
    .flatMap(({ begin, milliseconds }, span) => [
      { at: begin, span, opens: true },
      { at: begin + milliseconds, span, opens: false },
    ])
    // one of no length begins before it ends
    .sort((a, b) => a.at - b.at || Number(b.opens) - Number(a.opens));
  const shares = new Float64Array(spans.length);
  const running = new Set<number>();
  let covered = 0;
  let before = 0;
  for (const { at, span, opens } of edges) {
    if (running.size > 0) {
      covered += at - before;
      for (const other of running) shares[other]! += (at - before) / running.size;
    }
    before = at;
    if (opens) running.add(span);
    else running.delete(span);
  }
  return { shares, covered };
}
