/**
 * Replaces what a pattern finds; one that finds nothing is an error, so that no file is left behind unnoticed.
 * @param {string} text
 * @param {RegExp} pattern
 * @param {string} replacement
 */
function replaced(text, pattern, replacement) {
  if (!pattern.test(text)) throw new Error(`${pattern} is not found`);
  return text.replace(pattern, replacement);
}

/** @typedef {(text: string, version: string, date: string) => string} Change */

/** @type {Change} */
const constant = (text, version) => replaced(text, /ersion = '[^']+'/, `ersion = '${version}'`);

/** @type {Change} */
const citation = (text, version) => replaced(text, /^version: .+$/m, `version: ${version}`);

/** @type {Change} */
const changelog = (text, version, date) =>
  replaced(text, /^## Unreleased$/m, `## Unreleased\n\n## ${version} - ${date}`);

/**
 * Files that say the version besides the manifests, with how each is changed.
 * @type {ReadonlyMap<string, Change>}
 */
export const stamped = new Map([
  ['packages/core/src/version.ts', constant],
  ['packages/cli/src/version.ts', constant],
  ['CITATION.cff', citation],
  ['CHANGELOG.md', changelog],
]);
