import { readFile } from 'node:fs/promises';
import { createGoldenHost, runTrajectory, trajectoryFile } from '@limbeck/golden';
import { isRequired } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { findTargets } from './targets.js';

const file = trajectoryFile.parse(
  JSON.parse(await readFile(new URL('golden/trajectory.json', import.meta.url), 'utf8')),
);

const targets = await findTargets();

test.for(targets)('the golden trajectory on $name', { timeout: 900_000 }, async (target, { skip }) => {
  const { name, backend, missing } = target;
  if (missing !== undefined) skip(missing);
  // a graphics processor that the CPU stands in for takes a third of a minute a step
  if (name === 'tfjs-webgpu' && !isRequired(name))
    skip('takes two minutes: only where LIMBECK_REQUIRE asks for it');
  const host = await createGoldenHost();
  for await (const outcome of runTrajectory(file, { host, backend }))
    expect(outcome).toMatchObject({ status: 'ok' });
  await host.dispose();
});
