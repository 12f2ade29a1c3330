import { readFile } from 'node:fs/promises';
import { createGoldenHost, runTrajectory, trajectoryFile } from '@limbeck/golden';
import { type ConformanceTarget, isRequired } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { findTargets } from './targets.js';

const whole = trajectoryFile.parse(
  JSON.parse(await readFile(new URL('golden/trajectory.json', import.meta.url), 'utf8')),
);

/** Its first steps: the losses of each, which depend on all gradients of those before. */
const start = (count: number): typeof whole => {
  const kept = Object.entries(whole).filter(([key]) => !key.startsWith('finalProjector'));
  return { ...(Object.fromEntries(kept) as typeof whole), steps: count, final: {} };
};

/** As far as a device gets in seconds; everywhere else the whole trajectory is run. */
const steps: Readonly<Partial<Record<ConformanceTarget, number>>> = {
  'tfjs-webgpu': 2,
};

const targets = await findTargets();

test.for(targets)('the golden trajectory on $name', { timeout: 300_000 }, async (target, { skip }) => {
  const { name, backend, missing } = target;
  if (missing !== undefined) skip(missing);
  // a graphics processor that the CPU stands in for takes half a minute a step
  if (name === 'tfjs-webgpu' && !isRequired(name))
    skip('takes a minute: only where LIMBECK_REQUIRE asks for it');
  const host = await createGoldenHost();
  const count = steps[name];
  const file = count === undefined ? whole : start(count);
  for await (const outcome of runTrajectory(file, { host, backend }))
    expect(outcome).toMatchObject({ status: 'ok' });
  await host.dispose();
});
