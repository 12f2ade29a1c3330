/** Writes what an installation consists of as CycloneDX JSON: `npm run sbom [-- FILE]`, by default sbom.cdx.json. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cycloneDx } from './supply-chain.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const [file = 'sbom.cdx.json'] = process.argv.slice(2);
const read = (/** @type {string} */ name) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
const document = cycloneDx(read('package-lock.json').packages, read('packages/cli/package.json').version);
writeFileSync(path.resolve(root, file), `${JSON.stringify(document, null, 2)}\n`);
process.stdout.write(`Wrote ${file}: ${document.components.length} components\n`);
