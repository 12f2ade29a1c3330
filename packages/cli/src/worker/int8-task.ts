import path from 'node:path';
import { dataFolder, findParts, openData, placeForeign, type Surroundings } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { placements } from '@limbeck/core/host';
import { describeForm, type ExportForm, exportInt8, type Int8Figures, writeExported } from '@limbeck/trainer';
import { openHost } from '../config/open-config.js';
import { refuseExisting } from '../refuse-existing.js';
import type { WorkContext } from './messages.js';
import { besideSource, exporterFor, openModel, openTarget } from './open-exported.js';
import type { Target } from './target.js';

export interface Int8Request extends Surroundings {
  readonly target: Target;
  /** Whether its configuration was named. */
  readonly isNamed: boolean;
  readonly format: string;
  readonly form: ExportForm;
  readonly opset?: number | undefined;
  readonly dtype?: string | undefined;
  readonly maxDrop?: number | undefined;
  readonly calibrationImages?: number | undefined;
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
}

export interface Int8Result {
  readonly file: string;
  readonly figures: Int8Figures;
}

/** Exports a trained student in int8, calibrated on the training images of its configuration and measured on its test images. */
export async function int8Task(request: Int8Request, { say, stopped }: WorkContext): Promise<Int8Result> {
  const { target, isNamed, format, form, maxDrop, calibrationImages, out, force, cwd } = request;
  const opened = await openTarget(target, request);
  if (opened === undefined) {
    throw new LimbeckError('PRECONDITION', 'int8 is calibrated on training images, and nothing says which', {
      hint: 'name the configuration it was trained with: --config FILE',
    });
  }
  const host = await openHost(opened);
  try {
    const { config } = opened;
    const { opset, dtype } = request;
    const exporter = exporterFor({ format, opset, dtype }, host);
    const { extension } = exporter.contribution;
    const file = path.resolve(cwd, out ?? besideSource(target, extension).replace(/(\.[^.]+)$/, '-int8$1'));
    if (force !== true) refuseExisting(file, 'choose another file with --out, or overwrite it with --force');
    const { model, metadata } = await openModel(target, opened, { host, where: request, isNamed });
    const dataset = await openData(config, findParts(config, host), dataFolder(config.data.dir, request));
    const { batchSize, evalBatchSize } = config.data;
    const { files, figures } = await exportInt8({
      ...{ exporter, form, maxDrop, stop: stopped },
      program: (batch) => model.exported(form, batch),
      metadata: { ...metadata, ...describeForm(form) },
      data: { dataset, batchSize, evalBatchSize },
      seed: config.train.seed,
      calibration: { images: calibrationImages },
      loader: await placeForeign(placements(config).student, host),
      say: (text) => say({ type: 'note', text }),
    });
    writeExported(file, files);
    return { file, figures };
  } finally {
    await host.dispose();
  }
}
