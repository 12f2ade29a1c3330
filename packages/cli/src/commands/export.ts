import path from 'node:path';
import type { DeployedModel } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import type { ExportedFiles } from '@limbeck/core/backend';
import type { Host } from '@limbeck/core/host';
import { writeSafetensors } from '@limbeck/formats';
import {
  deployedWeights,
  describeForm,
  type ExportForm,
  sizeOfExported,
  weightsExtensions,
  writeExported,
} from '@limbeck/trainer';
import { openHost } from '../config/open-config.js';
import type { Io } from '../io.js';
import { int8Table } from '../output/int8-table.js';
import { bytes } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { refuseExisting } from '../refuse-existing.js';
import { chosenEpoch } from '../worker/chosen-epoch.js';
import { besideSource, exporterFor, openModel, openTarget } from '../worker/open-exported.js';
import { locateTarget } from '../worker/target.js';
import { surroundings, work } from '../worker/work.js';

export interface ExportOptions extends ExportForm {
  readonly source: string;
  readonly format: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly best?: boolean;
  readonly epoch?: number;
  readonly precision?: 'float32' | 'int8';
  readonly maxDrop?: number;
  readonly calibrationImages?: number;
  /** Options of the exporter. */
  readonly opset?: number;
  readonly dtype?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `limbeck export SOURCE --format FORMAT`: the deployed student as a file or a folder for other programs. */
export async function exportModel(io: Io, options: ExportOptions): Promise<void> {
  const { source, format, force, config, precision = 'float32' } = options;
  const epoch = chosenEpoch(options);
  const target = await locateTarget({ cwd: io.cwd, target: source, config, epoch });
  if (epoch === undefined && !weightsExtensions.includes(path.extname(target.model))) {
    throw new LimbeckError('USAGE', `${source} is not a run folder or a file of weights`, {
      hint: 'export takes the weights of a student',
    });
  }
  const { normalize, layout, embedding, maxDrop, calibrationImages, opset, dtype } = options;
  const form = { normalize, layout, embedding };
  if (precision === 'int8') {
    const isNamed = config !== undefined;
    const order = { target, isNamed, format, form, opset, dtype, maxDrop, calibrationImages };
    const where = { out: options.out, force };
    const result = await work(io, 'int8', { ...surroundings(io), ...order, ...where }, (message) => {
      if (message.type === 'note' && !options.json) io.stderr.write(`${message.text}\n`);
    });
    if (options.json) printJson(io, { ...result, format });
    else print(io, ...int8Table(result.figures), `${result.file} (${bytes(result.figures.bytes.int8)})`);
    return;
  }
  const needless = Object.entries({ 'max-drop': maxDrop, 'calibration-images': calibrationImages });
  const given = needless.find(([, value]) => value !== undefined);
  if (given !== undefined) {
    throw new LimbeckError('USAGE', `--${given[0]} is for int8`, { hint: 'add --precision int8' });
  }
  const opened = await openTarget(target, io);
  const host = await openHost(opened);
  try {
    const write = writerFor(options, host);
    const file = path.resolve(io.cwd, options.out ?? besideSource(target, write.extension));
    if (force !== true) refuseExisting(file, 'choose another file with --out, or overwrite it with --force');
    const { model, metadata } = await openModel(target, opened, {
      host,
      where: io,
      isNamed: config !== undefined,
    });
    const content = write.content(model, metadata);
    writeExported(file, content);
    const size = sizeOfExported(content);
    if (options.json) printJson(io, { file, format, bytes: size });
    else print(io, `${file} (${bytes(size)})`);
  } finally {
    await host.dispose();
  }
}

interface Writer {
  readonly extension: string;
  content(model: DeployedModel, metadata: Readonly<Record<string, string>>): ExportedFiles;
}

function writerFor({ format, opset, dtype, ...options }: ExportOptions, host: Host): Writer {
  const { normalize, layout, embedding } = options;
  const form = { normalize, layout, embedding };
  if (format === 'safetensors') {
    const given = Object.entries({ opset, dtype, ...form }).find(([, value]) => value !== undefined);
    if (given !== undefined) {
      throw new LimbeckError('USAGE', `--${given[0]} is for models, and safetensors holds weights alone`, {
        hint: "leave it out, or use 'limbeck convert' for another element type",
      });
    }
    return {
      extension: '.safetensors',
      content: (model, metadata) =>
        writeSafetensors(deployedWeights(model.program(1), model.state), metadata),
    };
  }
  const { contribution: exporter, options: checked } = exporterFor({ format, opset, dtype }, host);
  return {
    extension: exporter.extension,
    content: (model, metadata) =>
      exporter.write(model.exported(form), {
        options: checked,
        metadata: { ...metadata, ...describeForm(form) },
      }),
  };
}
