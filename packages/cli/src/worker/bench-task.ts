import { type Surroundings, specOf } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { measureSteps, type StepMeasurement } from '@limbeck/trainer';
import { openConfig, openHost } from '../config/open-config.js';
import type { WorkContext } from './messages.js';

export interface BenchRequest extends Surroundings {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly steps: number;
  readonly profile: boolean;
}

/** Measures the steps a configuration would train with. */
export async function benchTask(
  request: BenchRequest,
  { say, stopped }: WorkContext,
): Promise<StepMeasurement> {
  const { cwd, config, set, steps, profile } = request;
  const opened = await openConfig({ config, set }, cwd);
  say({ type: 'note', text: `configuration ${opened.file}` });
  const host = await openHost(opened);
  try {
    const spec = await specOf(opened.config, host, request, (text) => say({ type: 'note', text }));
    if (spec.teachers.some(({ cache }) => cache !== undefined)) {
      say({ type: 'note', text: 'the teacher is measured live: its cache is not used' });
    }
    const tell = (text: string) => say({ type: 'note', text });
    const measured = await measureSteps(spec, { steps, profile, say: tell, stop: stopped });
    if (stopped()) throw new LimbeckError('INTERRUPTED', 'the measurement was interrupted');
    return measured;
  } finally {
    await host.dispose();
  }
}
