import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Surroundings, specOf } from '@limbeck/compose';
import { estimateRun, type RunEstimate } from '@limbeck/trainer';
import { openConfig, openHost } from '../config/open-config.js';
import { withDrawnTeachers } from '../recipes/drawn-teacher.js';
import type { WorkContext } from './messages.js';

export interface PlanRequest extends Surroundings {
  readonly config?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly out?: string | undefined;
  /** Whether a teacher whose weights are not there yet has drawn ones. */
  readonly drawTeachers?: boolean | undefined;
}

/** Says what a run of a configuration will take. */
export async function planTask(request: PlanRequest, { say, stopped }: WorkContext): Promise<RunEstimate> {
  const { cwd, config, set, out, drawTeachers = false } = request;
  const opened = await openConfig({ config, set }, cwd);
  const tell = (text: string) => say({ type: 'note', text });
  tell(`configuration ${opened.file}`);
  const host = await openHost(opened);
  const drawn = await withDrawnTeachers(
    opened.config,
    host,
    request,
    (file) => drawTeachers && !existsSync(file),
  );
  try {
    const spec = await specOf(drawn.config, host, request, tell);
    try {
      return await estimateRun(spec, { folder: path.resolve(cwd, out ?? '.'), say: tell, stop: stopped });
    } finally {
      await spec.data.dataset.loading?.dispose();
    }
  } finally {
    drawn.remove();
    await host.dispose();
  }
}
