/**
 * The first command after `git clone`: `node packages/workspace/bootstrap.mjs <script> [arguments]`, behind the root's npm
 * scripts. It needs nothing installed. This file and what it imports statically stay in syntax that old versions of Node can
 * read, because they have to say that Node is too old.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeTooOld } from './src/node-version.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const complaint = nodeTooOld(process.versions.node, manifest.engines.node);

if (complaint) {
  process.stderr.write(`${complaint}\n`);
  process.exitCode = 1;
} else {
  import('./src/main.mjs').then(({ main }) => main(root, process.argv[2], process.argv.slice(3)));
}
