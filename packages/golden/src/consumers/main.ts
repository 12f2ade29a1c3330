import { createGoldenHost } from '../golden-host.js';
import { writeModels } from './write-models.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('node packages/golden/dist/consumers/main.js FOLDER\n');
  process.exit(2);
}
const host = await createGoldenHost();
for (const [id, seconds] of Object.entries(await writeModels(folder, host))) {
  process.stdout.write(`${id}: written in ${seconds.toFixed(2)} s\n`);
}
await host.dispose();
