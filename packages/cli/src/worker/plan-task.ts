import path from 'node:path';
import { type Surroundings, specOf } from '@limbeck/compose';
import { estimateRun, type RunEstimate } from '@limbeck/trainer';
import { openConfig, openHost } from '../config/open-config.js';
import type { WorkContext } from './messages.js';

export interface PlanRequest extends Surroundings {
  readonly config?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly out?: string | undefined;
}

/** Says what a run of a configuration will take. */
export async function planTask(request: PlanRequest, { say, stopped }: WorkContext): Promise<RunEstimate> {
  const { cwd, config, set, out } = request;
  const opened = await openConfig({ config, set }, cwd);
  const tell = (text: string) => say({ type: 'note', text });
  tell(`configuration ${opened.file}`);
  const host = await openHost(opened);
  try {
    const spec = await specOf(opened.config, host, request, tell);
    try {
      return await estimateRun(spec, { folder: path.resolve(cwd, out ?? '.'), say: tell, stop: stopped });
    } finally {
      await spec.data.dataset.loading?.dispose();
    }
  } finally {
    await host.dispose();
  }
}
