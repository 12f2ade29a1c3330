/**
 * Lerna's hook `version`: after lerna has set the packages' versions and before it commits, writes the version wherever else it stands
 * (constants that a browser cannot read from package.json, CITATION.cff, the changelog's heading) and adds these files to the commit.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stamped } from './versions.mjs';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const { version } = JSON.parse(readFileSync(path.join(root, 'lerna.json'), 'utf8'));
const date = new Date().toISOString().slice(0, 10);

for (const [file, change] of stamped) {
  const before = readFileSync(path.join(root, file), 'utf8');
  writeFileSync(path.join(root, file), change(before, version, date));
}
execFileSync('git', ['add', ...stamped.keys()], { cwd: root });
