/**
 * @typedef {object} Script
 * @property {('install' | 'build')[]} needs what has to be fresh before it starts
 * @property {string[]} [run] a JavaScript file from the root, then its first arguments; none when `needs` is all there is to do
 */

const built = /** @type {Script['needs']} */ (['install', 'build']);
const installed = /** @type {Script['needs']} */ (['install']);

/**
 * What each npm script of the root runs; further arguments are passed on.
 * @type {Record<string, Script>}
 */
export const scripts = {
  build: { needs: built },
  demo: { needs: built, run: ['packages/cli/dist/bin.js', 'demo'] },
  limbeck: { needs: built, run: ['packages/cli/dist/bin.js'] },
  test: { needs: built, run: ['packages/workspace/src/run-tests.mjs'] },
  golden: { needs: built, run: ['packages/golden/dist/main.js'] },
  fuzz: { needs: built, run: ['packages/fuzz/dist/main.js'] },
  soak: { needs: built, run: ['packages/fuzz/dist/soak/main.js'] },
  bench: { needs: built, run: ['packages/bench/dist/main.js'] },
  'setup:tfjs': { needs: built, run: ['plugins/backend-tfjs/dist/setup/main.js'] },
  rehearse: { needs: built, run: ['packages/workspace/src/release/rehearse.mjs'] },
  release: { needs: built, run: ['packages/workspace/src/release/release.mjs'] },
  typecheck: { needs: built, run: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json'] },
  lint: { needs: installed, run: ['node_modules/@biomejs/biome/bin/biome', 'check'] },
  format: { needs: installed, run: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write'] },
  'docs:api': { needs: installed, run: ['node_modules/typedoc/bin/typedoc'] },
  sbom: { needs: installed, run: ['packages/workspace/src/write-sbom.mjs'] },
  'supply-chain': { needs: installed, run: ['packages/workspace/src/check-supply-chain.mjs'] },
  licenses: { needs: installed, run: ['packages/workspace/src/write-licenses.mjs'] },
};
