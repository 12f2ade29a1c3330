import { distance } from 'fastest-levenshtein';

/** The known names that come closest to a mistyped one, nearest first; none when all are far off. */
export function suggest(name: string, known: Iterable<string>, limit = 3): string[] {
  const wanted = name.toLowerCase();
  return [...known]
    .map((candidate) => ({ candidate, far: distance(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, far }) => far <= Math.max(2, Math.floor(Math.max(wanted.length, candidate.length) / 3)),
    )
    .sort((a, b) => a.far - b.far)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** The sentence a message ends with: what was probably meant, or everything there is. */
export function suggestion(name: string, known: Iterable<string>): string {
  const all = [...known];
  const near = suggest(name, all);
  if (near.length > 0) return `did you mean ${near.map((n) => `'${n}'`).join(' or ')}?`;
  return all.length === 0 ? 'there are none' : `there are: ${all.join(', ')}`;
}
