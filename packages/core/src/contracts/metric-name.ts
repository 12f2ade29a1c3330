/** What stands beside the values of the best evaluation. */
const reserved = 'epoch';

/**
 * What is wrong with the names of a run's metrics, which their values are told apart by.
 *
 * @returns the first bad name and why it is refused; undefined where all are fine
 */
export function metricNameProblem(
  names: readonly string[],
): { readonly index: number; readonly problem: string } | undefined {
  for (const [index, name] of names.entries()) {
    if (name === reserved) {
      return { index, problem: `expected another name: '${name}' has a meaning of its own` };
    }
    if (names.indexOf(name) < index) {
      return { index, problem: `expected a name of its own: another metric is called '${name}'` };
    }
  }
  return undefined;
}
