/**
 * Why this Node cannot be used, or undefined when it can.
 * @param {string} version as in `process.versions.node`
 * @param {string} range the `engines.node` field, of the form `>=20.19`
 * @returns {string | undefined}
 */
export function nodeTooOld(version, range) {
  const minimum = range.replace(/^>=\s*/, '');
  const found = version.split('.').map(Number);
  const differences = minimum.split('.').map((wanted, place) => (found[place] || 0) - Number(wanted));
  const first = differences.find((difference) => difference !== 0) || 0;
  return first < 0 ? `Node ${version} is too old: Limbeck needs Node ${minimum} or later.` : undefined;
}
