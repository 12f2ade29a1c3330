/** Writes docs/licenses.md from package-lock.json. */
import { readFileSync, writeFileSync } from 'node:fs';
import { licenceListing } from './licence-listing.mjs';

const root = new URL('../../../', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8'));
const page = new URL('docs/licenses.md', root);
writeFileSync(page, licenceListing(lock.packages));
process.stdout.write('Wrote docs/licenses.md\n');
