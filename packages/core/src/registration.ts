import { LimbeckError } from './errors.js';
import { coreVersion } from './version.js';

/** A copy of this package that was loaded. */
export interface CoreCopy {
  readonly version: string;
  /** Where it was loaded from. */
  readonly url: string;
}

const key = Symbol.for('limbeck.core');

/**
 * Every copy of this package in the process. It lives on `globalThis` because two copies share nothing else.
 */
export function loadedCores(): readonly CoreCopy[] {
  return cores();
}

function cores(): CoreCopy[] {
  const holder = globalThis as { [key]?: CoreCopy[] };
  holder[key] ??= [];
  return holder[key];
}

/** Remembers a copy; the same place twice is one copy, since test runners and bundlers evaluate a module again. */
function register(copy: CoreCopy): void {
  if (!cores().some(({ url }) => url === copy.url)) cores().push(copy);
}

const { url } = import.meta as unknown as { readonly url: string };
// bundlers' development servers tell versions of one file apart by a query
register({ version: coreVersion, url: url.replace(/[?#].*$/, '') });

/** @throws LimbeckError DUPLICATE_CORE naming where each copy came from */
export function refuseDuplicateCores(): void {
  const copies = loadedCores();
  if (copies.length < 2) return;
  const lines = copies.map(({ version, url }) => `\n  ${version} from ${url}`);
  throw new LimbeckError(
    'DUPLICATE_CORE',
    `${copies.length} copies of @limbeck/core are loaded:${lines.join('')}`,
    {
      hint: 'run `npm ls @limbeck/core` to see who brings the second; plugins take it as a peer dependency',
      details: { copies: [...copies] },
    },
  );
}
