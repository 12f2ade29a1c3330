import { distance } from 'fastest-levenshtein';

/**
 * Known names that a mistyped one may have meant, the nearest first, three at most: those a third of its letters away
 * (at least two edits), and those it begins or that begin it.
 */
export function suggest(name: string, known: Iterable<string>): string[] {
  const typed = name.toLowerCase();
  const reach = Math.max(2, Math.floor(typed.length / 3));
  return [...new Set(known)]
    .map((candidate) => ({ candidate, far: distance(typed, candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => {
      const other = candidate.toLowerCase();
      const begins =
        Math.min(typed.length, other.length) >= 3 && (other.startsWith(typed) || typed.startsWith(other));
      return begins || (far <= reach && far < Math.max(typed.length, other.length));
    })
    .sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** `did you mean 'resnet8x4'?`, or nothing where no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const near = suggest(name, known).map((candidate) => `'${candidate}'`);
  if (near.length === 0) return undefined;
  const last = near.pop();
  return `did you mean ${near.length === 0 ? last : `${near.join(', ')} or ${last}`}?`;
}
