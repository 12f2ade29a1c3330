import { LimbeckError } from '@limbeck/core';
import { type MeasuredProgram, measureSteps, type StepMeasurement } from '@limbeck/trainer';
import { cacheFolders } from '../cache-folders.js';
import { describeChosen } from '../compose/chosen-placements.js';
import { composeRun } from '../compose/compose-run.js';
import { openConfig, openHost } from '../config/open-config.js';
import { dataFolder } from '../data-folder.js';
import type { WorkContext } from './messages.js';

export interface BenchRequest {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly steps: number;
  readonly profile: boolean;
}

export interface BenchResult extends Omit<StepMeasurement, 'programs'> {
  readonly programs: readonly (MeasuredProgram & {
    /** Why there is none, where one was asked for. */
    readonly noProfile?: string;
  })[];
}

/** Measures the steps a configuration would train with. */
export async function benchTask(request: BenchRequest, { say, stopped }: WorkContext): Promise<BenchResult> {
  const { cwd, env, config, set, steps, profile } = request;
  const opened = await openConfig({ config, set }, cwd);
  say({ type: 'note', text: `configuration ${opened.file}` });
  const host = await openHost(opened);
  try {
    const spec = await composeRun(opened.config, host, {
      dataDir: dataFolder(opened.config.data.dir, { cwd, env }),
      ...cacheFolders(cwd),
    });
    const chosen = describeChosen(opened.config, spec);
    if (chosen !== undefined) say({ type: 'note', text: chosen });
    if (spec.teachers.some(({ cache }) => cache !== undefined)) {
      say({ type: 'note', text: 'the teacher is measured live: its cache is not used' });
    }
    const { programs, ...rest } = await measureSteps(spec, { steps, profile, stop: stopped });
    if (stopped()) throw new LimbeckError('INTERRUPTED', 'the measurement was interrupted');
    return {
      ...rest,
      programs: programs.map((one) =>
        profile && one.profile === undefined ? { ...one, noProfile: reason(one) } : one,
      ),
    };
  } finally {
    await host.dispose();
  }
}

const reason = ({ backend }: MeasuredProgram): string =>
  backend === 'tfjs'
    ? 'tfjs-node runs a session without asking TensorFlow for times; --set backend=onnx gives one'
    : `backend '${backend}' measures no operations of this program`;
