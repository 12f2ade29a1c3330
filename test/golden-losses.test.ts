import { fileURLToPath } from 'node:url';
import { createGoldenHost, runGolden } from '@limbeck/golden';
import { expect, test } from 'vitest';
import { findGoldenTargets } from './targets.js';

const folder = fileURLToPath(new URL('golden', import.meta.url));

const targets = await findGoldenTargets();

test.for(targets)('the golden losses on $name', { timeout: 900_000 }, async (target, { skip }) => {
  const { backend, missing } = target;
  if (missing !== undefined) skip(missing);
  const host = await createGoldenHost();
  let met = 0;
  for await (const outcome of runGolden(folder, { host, backend }, { only: ['losses'] })) {
    expect(outcome).toMatchObject({ status: 'ok' });
    met++;
  }
  expect(met).toBeGreaterThan(15);
  await host.dispose();
});
