/**
 * What a build depends on and what it left.
 * @typedef {object} BuildFacts
 * @property {Record<string, string>} inputs path of each source and configuration file -> size and time of change
 * @property {string[]} outputs files in the projects' `dist` folders
 * @property {string} identity of the installed dependencies, whose types the build reads
 *
 * @typedef {Pick<BuildFacts, 'inputs' | 'identity'>} BuildStamp
 *
 * @typedef {object} BuildVerdict
 * @property {string | undefined} reason why to build; undefined when everything is fresh
 * @property {string[]} orphans outputs whose source is gone
 * @property {string[]} incomplete projects that lack an output or lost a source: their build record cannot be trusted
 */

const SOURCE = /^(?<project>[^/]+\/[^/]+)\/src\/(?<stem>.+)\.ts$/;
const OUTPUT = /^(?<project>[^/]+\/[^/]+)\/dist\/(?<stem>.+?)\.(?:d\.ts|js)(?:\.map)?$/;

/** Tests and what they share (`src/testing/`): checked, not compiled. */
const TEST = /\.test\.ts$|^[^/]+\/[^/]+\/src\/testing\//;

/** Paths from the root, with `/`, of what the compiler compiles.
 * @param {string} file
 */
export const isSource = (file) => SOURCE.test(file) && !TEST.test(file) && !file.endsWith('.d.ts');

/**
 * @param {BuildStamp | undefined} stamp what the last successful build saw
 * @param {BuildFacts} facts
 * @returns {BuildVerdict}
 */
export function judgeBuild(stamp, facts) {
  const sources = new Set(Object.keys(facts.inputs).filter(isSource).map(keyOf(SOURCE)));
  const outputs = new Set(facts.outputs.filter((file) => file.endsWith('.js')).map(keyOf(OUTPUT)));
  const orphans = facts.outputs.filter((file) => OUTPUT.test(file) && !sources.has(keyOf(OUTPUT)(file)));
  const missing = [...sources].filter((key) => !outputs.has(key));
  const projectsOf = (/** @type {string[]} */ keys) =>
    keys.map((key) => key.split('/').slice(0, 2).join('/'));
  const incomplete = [...new Set([...projectsOf(orphans), ...projectsOf(missing)])];
  return {
    reason: reasonToBuild(stamp, facts, { missing: missing.length, orphans: orphans.length }),
    orphans,
    incomplete,
  };
}

/**
 * @param {RegExp} pattern
 * @returns {(file: string) => string} `packages/graph/ops/add` for either of its source and its outputs
 */
const keyOf = (pattern) => (file) => {
  const groups = pattern.exec(file)?.groups;
  return `${groups?.project}/${groups?.stem}`;
};

/**
 * @param {BuildStamp | undefined} stamp
 * @param {BuildFacts} facts
 * @param {{ missing: number, orphans: number }} counts
 */
function reasonToBuild(stamp, { inputs, identity }, { missing, orphans }) {
  if (!stamp) return 'there is no finished build';
  const before = Object.keys(stamp.inputs);
  const removed = before.filter((file) => !Object.hasOwn(inputs, file)).length;
  const changed = Object.keys(inputs).filter((file) => inputs[file] !== stamp.inputs[file]).length;
  if (changed + removed > 0)
    return [count(changed, 'changed'), count(removed, 'removed')].filter(Boolean).join(', ');
  if (missing > 0) return `${missing === 1 ? '1 output is' : `${missing} outputs are`} missing`;
  if (orphans > 0) return count(orphans, 'left over');
  if (stamp.identity !== identity) return 'dependencies changed';
  return undefined;
}

/**
 * @param {number} files
 * @param {string} what
 */
const count = (files, what) => (files === 0 ? '' : `${files} ${files === 1 ? 'file' : 'files'} ${what}`);
