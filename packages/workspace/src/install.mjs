import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runQuietly } from './child.mjs';
import { Failure, interruption } from './failure.mjs';
import { installIdentity, judgeInstall } from './install-state.mjs';
import { endOfOutput, explainNpmFailure, npmCommand } from './npm.mjs';
import { announce } from './progress.mjs';
import { readStamp, removeStamp, writeStamp } from './stamp.mjs';

const STEP = 'install';

const npmOptions = [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  // What builds and tests are development dependencies, which the environment may leave out by default.
  '--include=dev',
  // Under `npm run --silent` npm would not say why it failed.
  '--loglevel=warn',
  // Without a network npm would wait over a minute before it says so.
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

const noNpm = 'npm was not found: install it (it comes with Node) and put it on the PATH.';

/**
 * Installs the dependencies when they are missing, unfinished or not those of package-lock.json.
 * @param {string} root
 */
export async function ensureInstalled(root) {
  const hiddenLock = path.join(root, 'node_modules', '.package-lock.json');
  const identity = currentIdentity(root);
  const stamp = readStamp(root, STEP);
  const facts = { present: existsSync(path.join(root, 'node_modules')), wanted: identity, stamp };
  // The locks are large: read them only when the stamp does not settle the matter.
  const settled = stamp?.identity === identity;
  const verdict = judgeInstall({
    ...facts,
    lock: settled ? undefined : readJson(path.join(root, 'package-lock.json')),
    installed: settled && existsSync(hiddenLock) ? {} : readJson(hiddenLock),
  });
  if (verdict.action === 'fresh') return;
  requireWritable(root);
  if (verdict.action === 'install') {
    removeStamp(root, STEP);
    rmSync(hiddenLock, { force: true });
    await announce(STEP, verdict.reason, () => npmInstall(root));
  }
  writeStamp(root, STEP, { identity: currentIdentity(root) });
}

/**
 * Identity of the dependencies that the checkout asks for.
 * @param {string} root
 */
export function currentIdentity(root) {
  const lock = path.join(root, 'package-lock.json');
  const files = existsSync(lock) ? [lock] : manifests(root);
  return installIdentity(
    files.map((file) => readFileSync(file, 'utf8')),
    `${process.platform}-${process.arch}`,
  );
}

/** @param {string} root */
function manifests(root) {
  const inFolder = (/** @type {string} */ folder) =>
    readdirSync(path.join(root, folder)).map((name) => path.join(root, folder, name, 'package.json'));
  return [path.join(root, 'package.json'), ...inFolder('packages'), ...inFolder('plugins')].filter((file) =>
    existsSync(file),
  );
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} folder
 */
export function requireWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Failure(
      `${folder} is read-only: installing and building write into the checkout. Use a writable copy.`,
    );
  }
}

/** @param {string} root */
async function npmInstall(root) {
  const action = existsSync(path.join(root, 'package-lock.json')) ? 'ci' : 'install';
  const command = [...npmCommand(process.env, process.platform), action, ...npmOptions];
  const ending = await runQuietly(command, { cwd: root }).catch((error) => {
    throw error.code === 'ENOENT' ? new Failure(noNpm) : error;
  });
  if (ending.interrupted) throw interruption();
  if (ending.code === 0) return;
  throw new Failure(explainNpmFailure(action, ending.output), { output: endOfOutput(ending.output) });
}
