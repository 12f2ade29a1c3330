/**
 * Rehearses a release and what a new user does with it, on this machine alone: publishes every package to a registry on loopback
 * (verdaccio, installed into a temporary folder), then installs `limbeck` in an empty folder and trains, evaluates and exports.
 * `npm run rehearse [-- --keep]`; what it does not publish comes from the usual registry.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { incompletePackages, publishedPackages } from './packages.mjs';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), 'limbeck-rehearsal-'));

/** npm as this machine is set up, with a file of settings of its own.
 * @param {string[]} args
 * @param {string} cwd
 * @param {Record<string, string>} [env]
 */
const npm = (args, cwd, env = {}) =>
  run('npm', args, { cwd, timeout: 600_000, maxBuffer: 1 << 26, env: { ...process.env, ...env } });

/**
 * @param {string} what
 * @param {() => Promise<string | undefined>} act gives what is worth saying
 */
async function step(what, act) {
  const start = performance.now();
  const said = await act();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${what}: ${seconds} s${said === undefined ? '' : `, ${said}`}\n`);
}

/** @param {string} place */
function megabytes(place) {
  const bytes = readdirSync(place, { recursive: true, encoding: 'utf8' }).reduce((sum, file) => {
    const { size, isFile } = statOf(path.join(place, file));
    return isFile ? sum + size : sum;
  }, 0);
  return (bytes / 1e6).toFixed(0);
}

/** @param {string} file */
function statOf(file) {
  const stat = statSync(file, { throwIfNoEntry: false });
  return { size: stat?.size ?? 0, isFile: stat?.isFile() ?? false };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts verdaccio; anyone may publish to it, and nobody but this machine reaches it. */
async function startRegistry() {
  const home = path.join(folder, 'registry');
  mkdirSync(home);
  // its dependency `node-fetch@cjs` is a tag that not every mirror has
  writeFileSync(
    path.join(home, 'package.json'),
    '{ "private": true, "overrides": { "node-fetch": "2.7.0" } }',
  );
  await npm(['install', 'verdaccio@6', '--ignore-scripts', '--no-audit', '--no-fund'], home);
  const { stdout } = await npm(['config', 'get', 'registry'], home);
  writeFileSync(
    path.join(home, 'config.yaml'),
    [
      'storage: ./storage',
      `uplinks: { upstream: { url: ${stdout.trim()} } }`,
      'packages:',
      // never from elsewhere: what is tried is what was published here
      "  '@limbeck/*': { access: $all, publish: $all }",
      '  limbeck: { access: $all, publish: $all }',
      "  '**': { access: $all, proxy: upstream }",
      'max_body_size: 100mb',
      'log: { type: stdout, level: error }',
    ].join('\n'),
  );
  const port = await freePort();
  const address = `http://127.0.0.1:${port}/`;
  const bin = path.join(home, 'node_modules/verdaccio/bin/verdaccio');
  const server = spawn(process.execPath, [bin, '--config', 'config.yaml', '--listen', `127.0.0.1:${port}`], {
    cwd: home,
    stdio: 'ignore',
  });
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    const answers = await fetch(`${address}-/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) break;
    await sleep(100);
  }
  const settings = path.join(folder, 'npmrc');
  writeFileSync(settings, `registry=${address}\n//127.0.0.1:${port}/:_authToken=nobody\nprovenance=false\n`);
  return { server, env: { npm_config_userconfig: settings, npm_config_registry: address } };
}

/** @param {Record<string, string>} env */
async function publishAll(env) {
  const staged = path.join(folder, 'packages');
  let bytes = 0;
  for (const [place] of publishedPackages(root)) {
    // outside the repository, whose settings for npm do not count for others
    const copy = path.join(staged, place);
    cpSync(path.join(root, place), copy, {
      recursive: true,
      filter: (file) => !file.includes('node_modules') && !file.endsWith('.tsbuildinfo'),
    });
    const { stdout } = await npm(['publish', '--json'], copy, env);
    const told = JSON.parse(stdout);
    bytes += told.size ?? Object.values(told)[0].size;
  }
  return `${(bytes / 1e6).toFixed(1)} MB in ${publishedPackages(root).size} tarballs`;
}

/** @param {Record<string, string>} env */
async function useIt(env) {
  const project = path.join(folder, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const install = ['install', 'limbeck', '--ignore-scripts', '--no-audit', '--no-fund'];
  await step('npm install limbeck', async () => {
    await npm(install, project, env);
    return `${megabytes(path.join(project, 'node_modules'))} MB`;
  });
  /** @param {string[]} args */
  const limbeck = (...args) => npm(['exec', '--', 'limbeck', ...args], project, env);
  await step('limbeck init', async () => void (await limbeck('init', '--yes', '--format', 'yaml')));
  await step('limbeck train', async () => {
    await limbeck('train', '--out', 'run', '--set', 'train.epochs=1');
    return undefined;
  });
  await step('limbeck eval', async () => void (await limbeck('eval', 'run')));
  await step(
    'limbeck export',
    async () => void (await limbeck('export', 'run', '--format', 'safetensors', '--out', 's.safetensors')),
  );
  if (!existsSync(path.join(project, 's.safetensors'))) throw new Error('the export left no file');
}

const missing = incompletePackages(root);
if (missing.length > 0) throw new Error(missing.join('\n'));
/** @type {Awaited<ReturnType<typeof startRegistry>> | undefined} */
let registry;
try {
  await step('a registry on loopback', async () => {
    registry = await startRegistry();
    return undefined;
  });
  const env = registry?.env ?? {};
  await step('publish', () => publishAll(env));
  await useIt(env);
} finally {
  registry?.server.kill();
  if (process.argv.includes('--keep')) process.stdout.write(`kept ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}
