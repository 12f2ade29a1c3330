import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A package.json, as far as publishing asks.
 * @typedef {{ name: string, version: string, private?: boolean, exports?: Record<string, Record<string, string>>, bin?: Record<string, string>, files?: string[] }} Manifest
 */

/**
 * The packages that are published, by their folders from the root.
 * @param {string} root
 * @returns {Map<string, Manifest>}
 */
export function publishedPackages(root) {
  const folders = ['packages', 'plugins'].flatMap((group) =>
    readdirSync(path.join(root, group)).map((name) => path.join(group, name)),
  );
  /** @type {[folder: string, Manifest][]} */
  const manifests = folders
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .map((folder) => [folder, JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'))]);
  return new Map(manifests.filter(([, manifest]) => manifest.private !== true));
}

/**
 * What is missing before packages can be published, a line for each package: files that its manifest names, licence, notice,
 * README.
 * @param {string} root
 */
export function incompletePackages(root) {
  return [...publishedPackages(root)].flatMap(([folder, { name, exports = {}, bin = {} }]) => {
    // our own condition names sources, which are not published
    const doors = Object.values(exports).flatMap((door) =>
      Object.entries(door).flatMap(([condition, file]) => (condition === '@limbeck/source' ? [] : [file])),
    );
    const needed = [...doors, ...Object.values(bin), 'LICENSE', 'NOTICE', 'README.md'];
    const missing = needed.filter((file) => !existsSync(path.join(root, folder, file)));
    return missing.length === 0
      ? []
      : [`${name}: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`];
  });
}
