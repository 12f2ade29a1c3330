import { createRequire } from 'node:module';
import { LimbeckError } from '@limbeck/core';
import { packagePlaces } from '../../setup/home.js';
import type { KernelsDevice } from '../device.js';

const core = '@tensorflow/tfjs-core';

/** What each device needs besides tfjs' core, its own package first. */
const needs: Readonly<Record<KernelsDevice, readonly [string, ...string[]]>> = {
  webgpu: ['@tensorflow/tfjs-backend-webgpu', 'webgpu'],
  wasm: ['@tensorflow/tfjs-backend-wasm'],
  cpu: ['@tensorflow/tfjs-backend-cpu'],
};

/** The command that makes a device available. */
export const commandFor = (device: KernelsDevice): string =>
  `npm install ${[core, ...needs[device]].join(' ')}`;

/** The packages of a device, found together so that they share one core. */
export interface FoundPackages {
  readonly require: NodeJS.Require;
  readonly core: string;
  /** Those of {@link needs}, in order. */
  readonly device: readonly [string, ...string[]];
}

/** @throws LimbeckError BACKEND_UNAVAILABLE naming what is not installed */
export function findPackages(device: KernelsDevice): FoundPackages {
  const names = needs[device];
  const missing = new Set<string>();
  for (const place of packagePlaces()) {
    const require = createRequire(place);
    const absent = [core, ...names].filter((name) => !resolves(require, name));
    if (absent.length === 0) return { require, core, device: names };
    for (const name of absent) missing.add(name);
  }
  const list = [...missing];
  throw new LimbeckError(
    'BACKEND_UNAVAILABLE',
    `${list.join(' and ')} ${list.length === 1 ? 'is' : 'are'} not installed`,
    { hint: commandFor(device) },
  );
}

function resolves(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
