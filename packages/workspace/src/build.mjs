import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { judgeBuild } from './build-state.mjs';
import { runQuietly } from './child.mjs';
import { Failure, interruption } from './failure.mjs';
import { currentIdentity, requireWritable } from './install.mjs';
import { announce } from './progress.mjs';
import { readStamp, removeStamp, writeStamp } from './stamp.mjs';

const STEP = 'build';

/**
 * Compiles every project that the root's tsconfig.json refers to, when a source, a setting or a dependency has changed since.
 * @param {string} root
 */
export async function ensureBuilt(root) {
  const facts = inspect(root);
  const { reason, orphans, incomplete } = judgeBuild(readStamp(root, STEP), facts);
  if (!reason) return;
  requireWritable(root);
  removeStamp(root, STEP);
  for (const file of orphans) rmSync(path.join(root, file), { force: true });
  // The compiler trusts its record of a project and would not notice that outputs are gone.
  for (const project of incomplete) rmSync(path.join(root, project, 'dist', '.tsbuildinfo'), { force: true });
  await announce(STEP, reason, () => compile(root));
  writeStamp(root, STEP, { inputs: facts.inputs, identity: facts.identity });
}

/** @param {string} root */
async function compile(root) {
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output, interrupted } = await runQuietly([process.execPath, compiler, '-b'], { cwd: root });
  if (interrupted) throw interruption();
  if (code === 0) return;
  throw new Failure('build failed: the compiler reported the errors above.', { output });
}

/**
 * @param {string} root
 * @returns {import('./build-state.mjs').BuildFacts}
 */
function inspect(root) {
  const { references } = JSON.parse(readFileSync(path.join(root, 'tsconfig.json'), 'utf8'));
  /** @type {string[]} */
  const projects = references.map((/** @type {{ path: string }} */ reference) => reference.path);
  const settings = projects.flatMap((project) => [`${project}/tsconfig.json`, `${project}/package.json`]);
  const sources = projects
    .flatMap((project) => filesUnder(root, `${project}/src`))
    .filter((file) => !file.endsWith('.test.ts'));
  const files = ['tsconfig.json', 'tsconfig.base.json', ...settings, ...sources];
  return {
    inputs: Object.fromEntries(files.map((file) => [file, trace(path.join(root, file))])),
    outputs: projects.flatMap((project) => filesUnder(root, `${project}/dist`)),
    identity: currentIdentity(root),
  };
}

/** Size and time of change: cheap, and different whenever an editor or git has written the file.
 * @param {string} file
 */
function trace(file) {
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

/**
 * Files below a folder, as paths from the root with `/`; none when there is no such folder.
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(root, folder) {
  try {
    return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
