import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isLimbeckError } from '@limbeck/core';
import { readSafetensors, writeSafetensors } from '@limbeck/formats';
import type { Shape, StateDict } from '@limbeck/graph';
import { sameShape } from '@limbeck/graph';
import { writeAtomically } from '../../files/atomic.js';
import { makeFolder } from '../../files/make-folder.js';
import { readRegular } from '../../files/regular.js';
import type { RunListener } from '../../run/events.js';
import { digest } from '../../run/identity.js';

/**
 * What a preparation gave, in a file that runs share. It is there as it was written, or it counts as missing. Where nothing
 * can be written, the run goes on with a warning.
 */
export class PreparedFile {
  readonly path: string;
  readonly #key: string;

  /** @param key hash of everything the tensors depend on */
  constructor(path: string, key: string) {
    this.path = path;
    this.#key = key;
  }

  /**
   * The tensors by the preparation's names.
   *
   * @param shapes that they must have
   * @returns undefined where the file is not there, or damaged, which is told
   */
  read(shapes: Readonly<Record<string, Shape>>, emit: RunListener): StateDict | undefined {
    if (!existsSync(this.path)) return undefined;
    const found = this.#decode(shapes);
    if (typeof found !== 'string') return found;
    const message = `${this.path} cannot be used: ${found}`;
    emit({ type: 'warning', code: 'BAD_FILE', message, hint: 'it is computed again' });
    return undefined;
  }

  write(tensors: StateDict, emit: RunListener): void {
    const elsewhere = `choose another folder than ${dirname(this.path)} with teacher.cache.dir`;
    try {
      makeFolder(dirname(this.path), elsewhere);
      const bytes = writeSafetensors(tensors, { key: this.#key, sha256: digest(tensors) });
      writeAtomically(this.path, bytes, { shared: true, elsewhere });
    } catch (error) {
      if (!isLimbeckError(error)) throw error;
      const { code, message, hint } = error;
      emit({ type: 'warning', code, message, hint });
    }
  }

  /** @returns the tensors, or what is wrong with the file */
  #decode(shapes: Readonly<Record<string, Shape>>): StateDict | string {
    try {
      const { tensors, metadata } = readSafetensors(readRegular(this.path), { source: this.path });
      if (metadata.key !== this.#key) return 'it is of another preparation';
      if (digest(tensors) !== metadata.sha256) return 'its content is not what was written (SHA-256)';
      const fits = Object.entries(shapes).every(([name, shape]) => {
        const found = tensors.get(name);
        return found?.dtype === 'float32' && sameShape(found.shape, shape);
      });
      return fits ? tensors : 'its tensors have other names or shapes';
    } catch (error) {
      return (error as Error).message;
    }
  }
}
