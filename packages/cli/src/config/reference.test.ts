import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { folderWith, limbeck } from '../testing/command-line.js';
import { configKeysTable } from './reference.js';

const page = fileURLToPath(new URL('../../../../docs/configuration-keys.md', import.meta.url));

it('the page of configuration keys says what the schema says (npx vitest -u writes it)', async () => {
  const head =
    '# Keys of a configuration\n\nWritten from the schema; `limbeck config keys` prints the same. Options of data sets, models, distillers, optimizers and so on\nstand beside `use` and are not listed here: each has its own. `*` is any index of a list.\n\n';
  await expect(head + configKeysTable()).toMatchFileSnapshot(page);
});

it('limbeck config keys needs no configuration', async () => {
  const { code, stdout } = await limbeck(['config', 'keys'], folderWith());
  expect(code).toBe(0);
  expect(stdout).toContain(
    'train.epochs (whole number, at least 1, required)\n    Times the training images are seen.\n',
  );
  expect(stdout).toContain('data.batchSize (whole number, at least 1, default 64)\n');
  const { keys } = JSON.parse((await limbeck(['config', 'keys', '--json'], folderWith())).stdout);
  expect(keys).toContainEqual(
    expect.objectContaining({ path: 'train.optimizer.groups.*.lrFactor', default: '1' }),
  );
});
