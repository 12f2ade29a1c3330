import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isLimbeckError } from '@limbeck/core';
import type { CalibrationMemory } from '@limbeck/core/backend';
import { writeJson } from '../files/atomic.js';
import { makeFolder } from '../files/make-folder.js';
import { readRegularText } from '../files/regular.js';
import type { RunListener } from '../run/events.js';

/** Whose findings these are. */
export interface CalibrationOwner {
  /** Id of the backend. */
  readonly backend: string;
  /** Name of the teacher, for what is said. */
  readonly teacher: string;
}

const format = 'limbeck.calibration.1';

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/**
 * What backends found out by calibration, in a folder that runs share: a JSON file for each key. A file is there as it was
 * written, or it counts as missing. Where nothing can be written, the run goes on with a warning.
 */
export class CalibrationFolder implements CalibrationMemory {
  readonly #folder: string;
  readonly #owner: CalibrationOwner;
  readonly #emit: RunListener;
  #path: string | undefined;
  #source: 'measured' | 'kept' = 'measured';

  constructor(folder: string, owner: CalibrationOwner, emit: RunListener) {
    this.#folder = folder;
    this.#owner = owner;
    this.#emit = emit;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(key);
    this.#path = path;
    if (!existsSync(path)) return undefined;
    const found = this.#decode(path, key);
    if (typeof found !== 'string') {
      this.#source = 'kept';
      return found;
    }
    const message = `${path} cannot be used: ${found}`;
    this.#emit({ type: 'warning', code: 'BAD_FILE', message, hint: 'the ranges are measured again' });
    return undefined;
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.#source = 'measured';
    const { backend } = this.#owner;
    const content = Buffer.from(bytes).toString('base64');
    try {
      const elsewhere = `choose another folder than ${this.#folder} with teacher.calibration.dir`;
      makeFolder(this.#folder, elsewhere);
      const file = { format, backend, key, sha256: sha256(bytes), content };
      writeJson(this.#pathOf(key), file, { shared: true, elsewhere });
    } catch (error) {
      if (!isLimbeckError(error)) throw error;
      const { code, message, hint } = error;
      this.#emit({ type: 'warning', code, message, hint });
    }
  }

  /** Says where the ranges came from; nothing where the backend did not ask. */
  report(): void {
    if (this.#path === undefined) return;
    const { teacher } = this.#owner;
    this.#emit({ type: 'calibration', teacher, ranges: this.#source, path: this.#path });
  }

  /** A backend's key is no file name until it is hashed. */
  #pathOf(key: string): string {
    return join(this.#folder, `${sha256(JSON.stringify([this.#owner.backend, key])).slice(0, 32)}.json`);
  }

  /** @returns what was kept, or what is wrong with the file */
  #decode(path: string, key: string): Uint8Array | string {
    try {
      const file = JSON.parse(readRegularText(path));
      if (file.format !== format) return `its format is not ${format}`;
      if (file.backend !== this.#owner.backend || file.key !== key) return 'it is of another calibration';
      const bytes = Buffer.from(String(file.content), 'base64');
      return sha256(bytes) === file.sha256 ? bytes : 'its content is not what was written (SHA-256)';
    } catch (error) {
      return (error as Error).message;
    }
  }
}
