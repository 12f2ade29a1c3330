import { createHash } from 'node:crypto';

/**
 * An entry of a package lock, as far as it matters here.
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockEntry
 * @typedef {{ packages?: Record<string, LockEntry> }} Lock
 *
 * @typedef {object} InstallFacts
 * @property {boolean} present whether there is a node_modules folder
 * @property {string} wanted identity of what should be installed, from `installIdentity`
 * @property {{ identity?: string } | undefined} stamp what the last finished install left
 * @property {Lock | undefined} lock package-lock.json
 * @property {Lock | undefined} installed node_modules/.package-lock.json, which npm writes when it has finished
 */

/**
 * @param {string[]} texts package-lock.json, or every package.json when there is no lock
 * @param {string} platform native packages differ by it; a checkout may be shared by several
 */
export function installIdentity(texts, platform) {
  const hash = createHash('sha256').update(platform);
  for (const text of texts) hash.update('\0').update(text);
  return hash.digest('hex');
}

/**
 * What to do about `node_modules`: nothing (`fresh`), only leave a stamp because npm was run by hand (`adopt`), or install.
 * @param {InstallFacts} facts
 * @returns {{ action: 'fresh' | 'adopt' } | { action: 'install', reason: string }}
 */
export function judgeInstall({ present, wanted, stamp, lock, installed }) {
  if (!present) return { action: 'install', reason: 'node_modules is missing' };
  if (!installed) return { action: 'install', reason: 'node_modules is unfinished' };
  if (stamp?.identity === wanted) return { action: 'fresh' };
  if (lock && satisfies(installed, lock)) return { action: 'adopt' };
  return { action: 'install', reason: 'node_modules is out of date' };
}

/**
 * Whether npm has put into `node_modules` what the lock asks for. Packages for other platforms are left out of it.
 * @param {Lock} installed
 * @param {Lock} lock
 */
function satisfies(installed, lock) {
  const found = installed.packages ?? {};
  return Object.entries(lock.packages ?? {}).every(([location, entry]) => {
    if (!location.startsWith('node_modules/')) return true;
    const there = found[location];
    if (!there) return Boolean(entry.optional || entry.devOptional);
    return (
      there.version === entry.version && there.integrity === entry.integrity && there.link === entry.link
    );
  });
}
