import { findGroup, type ParameterGroup } from './optimizers/optimizer.js';

/**
 * Which values training leaves as they are: those whose state name one of the patterns fits, and those of a group with a
 * learning-rate factor of 0.
 *
 * @param patterns regular expressions over state names
 */
export function frozenBy(
  patterns: readonly string[],
  groups: readonly ParameterGroup[] = [],
): (stateName: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(pattern));
  const groupOf = findGroup(groups);
  return (stateName) =>
    expressions.some((expression) => expression.test(stateName)) || groupOf(stateName)?.lrFactor === 0;
}
