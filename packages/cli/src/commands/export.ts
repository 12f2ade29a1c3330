import path from 'node:path';
import {
  type DeployedModel,
  dataFolder,
  deployedModel,
  findParts,
  type ModelFacts,
  modelOfWeights,
  openData,
  readFacts,
} from '@limbeck/compose';
import { didYouMean, LimbeckError } from '@limbeck/core';
import type { ExportedFiles } from '@limbeck/core/backend';
import type { Host } from '@limbeck/core/host';
import { writeSafetensors } from '@limbeck/formats';
import {
  deployedWeights,
  readRunWeights,
  readWeightsFile,
  sizeOfExported,
  type Weights,
  weightsExtensions,
  writeExported,
} from '@limbeck/trainer';
import { type OpenedConfig, openHost, openHostHere } from '../config/open-config.js';
import { openRecorded } from '../config/reopen-config.js';
import type { Io } from '../io.js';
import { bytes } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { refuseExisting } from '../refuse-existing.js';
import { chosenEpoch, locateTarget, type Target } from '../worker/target.js';

export interface ExportOptions {
  readonly source: string;
  readonly format: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly best?: boolean;
  readonly epoch?: number;
  readonly config?: string;
  readonly json?: boolean;
}

/** `limbeck export SOURCE --format FORMAT`: the deployed student as a file or a folder for other programs. */
export async function exportModel(io: Io, options: ExportOptions): Promise<void> {
  const { source, format, force, config } = options;
  const epoch = chosenEpoch(options);
  const target = await locateTarget({ cwd: io.cwd, target: source, config, epoch });
  if (epoch === undefined && !weightsExtensions.includes(path.extname(target.model))) {
    throw new LimbeckError('USAGE', `${source} is not a run folder or a file of weights`, {
      hint: 'export takes the weights of a student',
    });
  }
  const opened =
    target.config === undefined ? undefined : await openRecorded({ config: target.config }, io.cwd);
  // weights alone say which model they are for; a plugin of the configuration found here may bring it
  const host = opened === undefined ? (await openHostHere(undefined, io.cwd)).host : await openHost(opened);
  try {
    const write = writerFor(format, host);
    const file = path.resolve(io.cwd, options.out ?? besideSource(target, write.extension));
    if (force !== true) refuseExisting(file, 'choose another file with --out, or overwrite it with --force');
    const weights = epoch === undefined ? readWeightsFile(target.model) : readRunWeights(target.model, epoch);
    const model =
      opened === undefined
        ? modelOfWeights(host, weights)
        : await deployedModel(opened.config, host, weights, await factsOf(weights, opened, { host, io }));
    const content = write.content(model, weights.metadata ?? {});
    writeExported(file, content);
    const size = sizeOfExported(content);
    if (options.json) printJson(io, { file, format, bytes: size });
    else print(io, `${file} (${bytes(size)})`);
  } finally {
    await host.dispose();
  }
}

/** Where an export goes by itself: the source under another ending; in a run, an epoch under a name of its own. */
function besideSource({ model, epoch }: Target, extension: string): string {
  if (epoch === undefined) return model.replace(/\.[^.]+$/, extension);
  return path.join(model, `student-${typeof epoch === 'number' ? `epoch-${epoch}` : epoch}${extension}`);
}

/** What weights say about their model; those from elsewhere say nothing, and the data of the configuration stands for it. */
async function factsOf(
  weights: Weights,
  { config }: OpenedConfig,
  { host, io }: { host: Host; io: Io },
): Promise<ModelFacts> {
  const said = readFacts(weights);
  if (said !== undefined) return said;
  const parts = findParts(config, host);
  const { classes, imageShape, normalization } = await openData(
    config,
    parts,
    dataFolder(config.data.dir, io),
  );
  const { backbone, options } = parts.student;
  return { backbone: backbone.id, options: { ...(options as object) }, classes, imageShape, normalization };
}

interface Writer {
  readonly extension: string;
  content(model: DeployedModel, metadata: Readonly<Record<string, string>>): ExportedFiles;
}

function writerFor(format: string, host: Host): Writer {
  if (format === 'safetensors') {
    return {
      extension: '.safetensors',
      content: (model, metadata) =>
        writeSafetensors(deployedWeights(model.program(1), model.state), metadata),
    };
  }
  const formats = ['safetensors', ...host.list('exporters').map(({ id }) => id)];
  if (!formats.includes(format)) {
    throw new LimbeckError('UNKNOWN_ID', `there is no format '${format}'; known: ${formats.join(', ')}`, {
      hint: didYouMean(format, formats) ?? 'is the plugin that brings it listed in the configuration?',
    });
  }
  const exporter = host.get('exporters', format);
  return {
    extension: exporter.extension,
    content: (model, metadata) => exporter.write(model.bound(1), { metadata }),
  };
}
