// Starts the thread that loads samples from its TypeScript source, for tests that run without a build.
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { threadId } from 'node:worker_threads';
import { rolldown } from 'rolldown';

const folder = fileURLToPath(new URL('../../../node_modules/.limbeck/threads/', import.meta.url));
const file = `${folder}${process.pid}-${threadId}-${Date.now()}.mjs`;
const bundle = await rolldown({
  input: fileURLToPath(new URL('../../data/src/loading/worker.ts', import.meta.url)),
  platform: 'node',
  resolve: { conditionNames: ['@limbeck/source', 'node', 'import', 'default'] },
  // our own sources are bundled, packages are found where they are
  external: (id) => /^[^./]/.test(id) && !id.startsWith('@limbeck/'),
});
await mkdir(folder, { recursive: true });
await bundle.write({ file, format: 'esm', codeSplitting: false });
await bundle.close();
try {
  await import(pathToFileURL(file).href);
} finally {
  await rm(file, { force: true });
}
