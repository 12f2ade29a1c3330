import { readFile } from 'node:fs/promises';
import { createGoldenHost, runTrajectory, trajectoryFile } from '@limbeck/golden';
import { expect, test } from 'vitest';
import { findGoldenTargets } from './targets.js';

const file = trajectoryFile.parse(
  JSON.parse(await readFile(new URL('golden/trajectory.json', import.meta.url), 'utf8')),
);

const targets = await findGoldenTargets();

test.for(targets)('the golden trajectory on $name', { timeout: 900_000 }, async (target, { skip }) => {
  const { backend, missing } = target;
  if (missing !== undefined) skip(missing);
  const host = await createGoldenHost();
  for await (const outcome of runTrajectory(file, { host, backend }))
    expect(outcome).toMatchObject({ status: 'ok' });
  await host.dispose();
});
