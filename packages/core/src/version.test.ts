import { expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { coreVersion } from './version.js';

it('is the version in package.json', () => {
  expect(coreVersion).toBe(manifest.version);
});
