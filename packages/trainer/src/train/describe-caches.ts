import { factsOf } from '../execute/teacher-cache/facts.js';
import type { CacheFacts } from '../run/facts.js';
import type { RunSpec } from '../run/run-spec.js';
import { prepareRun } from './prepare.js';

/**
 * The caches a run would use, by teacher. Files are looked for and not read: a run that finds one damaged computes it
 * again.
 *
 * @throws LimbeckError as training does, where parts, data and weights do not fit
 */
export function describeCaches(spec: RunSpec): (CacheFacts & { readonly teacher: string })[] {
  return prepareRun(spec).teachers.flatMap(({ cache, planned: { name } }) =>
    cache === undefined ? [] : [{ teacher: name, ...factsOf(cache, cache.missing()) }],
  );
}
