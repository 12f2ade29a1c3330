import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * What a finished step leaves behind. Stamps live inside `node_modules`, so that they vanish with it.
 * @param {string} root
 * @param {string} step
 */
const stampFile = (root, step) => path.join(root, 'node_modules', '.limbeck', `${step}.json`);

/**
 * The stamp of the step's last success, or undefined when there was none or the file cannot be understood.
 * @param {string} root
 * @param {string} step
 */
export function readStamp(root, step) {
  try {
    return JSON.parse(readFileSync(stampFile(root, step), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} root
 * @param {string} step
 * @param {unknown} stamp
 */
export function writeStamp(root, step, stamp) {
  const file = stampFile(root, step);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(stamp));
}

/**
 * Called before a step starts, so that an interrupted one is not taken for a finished one.
 * @param {string} root
 * @param {string} step
 */
export function removeStamp(root, step) {
  rmSync(stampFile(root, step), { force: true });
}
