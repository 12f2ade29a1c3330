import path from 'node:path';
import {
  type DeployedModel,
  dataFolder,
  deployedModel,
  findParts,
  type ModelFacts,
  modelOfWeights,
  openData,
  readAs,
  readFacts,
} from '@limbeck/compose';
import { didYouMean, LimbeckError } from '@limbeck/core';
import type { ExportedFiles } from '@limbeck/core/backend';
import { coreVersion, type Host } from '@limbeck/core/host';
import { writeSafetensors } from '@limbeck/formats';
import {
  deployedWeights,
  describeForm,
  describeWeights,
  type ExportForm,
  picturesOf,
  readRunWeights,
  readWeightsFile,
  sizeOfExported,
  type Weights,
  weightsExtensions,
  writeExported,
} from '@limbeck/trainer';
import { hasConfig } from '../config/load-config.js';
import { type OpenedConfig, openConfig, openHost } from '../config/open-config.js';
import { openRecorded } from '../config/reopen-config.js';
import type { Io } from '../io.js';
import { bytes } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { refuseExisting } from '../refuse-existing.js';
import { chosenEpoch, locateTarget, type Target } from '../worker/target.js';

export interface ExportOptions extends ExportForm {
  readonly source: string;
  readonly format: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly best?: boolean;
  readonly epoch?: number;
  /** Options of the exporter. */
  readonly opset?: number;
  readonly dtype?: string;
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
  const opened = await openTarget(target, io);
  const host = await openHost(opened);
  try {
    const write = writerFor(options, host);
    const file = path.resolve(io.cwd, options.out ?? besideSource(target, write.extension));
    if (force !== true) refuseExisting(file, 'choose another file with --out, or overwrite it with --force');
    const { model, metadata } = await openModel(target, opened, { host, io, isNamed: config !== undefined });
    const content = write.content(model, metadata);
    writeExported(file, content);
    const size = sizeOfExported(content);
    if (options.json) printJson(io, { file, format, bytes: size });
    else print(io, `${file} (${bytes(size)})`);
  } finally {
    await host.dispose();
  }
}

/** The configuration a model goes with: that of its run, the one named, or the one found here; its plugins may bring the model. */
async function openTarget({ config }: Target, io: Io): Promise<OpenedConfig | undefined> {
  if (config !== undefined) return openRecorded({ config }, io.cwd);
  return (await hasConfig(io.cwd)) ? openConfig({}, io.cwd) : undefined;
}

/** Weights say which model they are for; for those from elsewhere a configuration does. */
async function openModel(
  { model: file, epoch, config }: Target,
  opened: OpenedConfig | undefined,
  { host, io, isNamed }: { host: Host; io: Io; isNamed: boolean },
): Promise<{ model: DeployedModel; metadata: Readonly<Record<string, string>> }> {
  const read = () => {
    if (epoch !== undefined) return readRunWeights(file, epoch);
    // names and parts are those that the student of a named configuration takes
    return isNamed && opened !== undefined ? readAs(file, opened.config.student) : readWeightsFile(file);
  };
  const weights = read();
  const facts = readFacts(weights);
  const isBeside = config !== undefined;
  if (opened === undefined || (facts !== undefined && !isBeside)) {
    return { model: modelOfWeights(host, weights), metadata: weights.metadata ?? {} };
  }
  const said = facts ?? (await factsOf(opened, { host, io }));
  const model = await deployedModel(opened.config, host, weights, said);
  return { model, metadata: facts === undefined ? describe(said, weights, opened) : weights.metadata! };
}

/** What weights from elsewhere do not say: the data of the configuration stands for it. */
async function factsOf({ config }: OpenedConfig, { host, io }: { host: Host; io: Io }): Promise<ModelFacts> {
  const parts = findParts(config, host);
  const dataset = await openData(config, parts, dataFolder(config.data.dir, io));
  const { classes, imageShape, normalization } = dataset;
  const { backbone, options } = parts.student;
  return {
    backbone: backbone.id,
    options: { ...(options as object) },
    ...{ classes, imageShape, normalization },
    pictures: picturesOf(dataset, config.task.use),
  };
}

const describe = (facts: ModelFacts, { metadata }: Weights, { config }: OpenedConfig) => ({
  ...metadata,
  ...describeWeights({
    ...facts,
    backbone: facts.backbone!,
    options: facts.options,
    license: config.license,
    version: coreVersion,
  }),
});

/** Where an export goes by itself: the source under another ending; in a run, an epoch under a name of its own. */
function besideSource({ model, epoch }: Target, extension: string): string {
  if (epoch === undefined) return model.replace(/\.[^.]+$/, extension);
  return path.join(model, `student-${typeof epoch === 'number' ? `epoch-${epoch}` : epoch}${extension}`);
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
  const formats = ['safetensors', ...host.list('exporters').map(({ id }) => id)];
  if (!formats.includes(format)) {
    throw new LimbeckError('UNKNOWN_ID', `there is no format '${format}'; known: ${formats.join(', ')}`, {
      hint: didYouMean(format, formats) ?? 'is the plugin that brings it listed in the configuration?',
    });
  }
  const use = { use: format, ...(opset !== undefined && { opset }), ...(dtype !== undefined && { dtype }) };
  const { contribution: exporter, options: checked } = host.use('exporters', use, {
    path: `--format ${format}`,
  });
  return {
    extension: exporter.extension,
    content: (model, metadata) =>
      exporter.write(model.exported(form), {
        options: checked,
        metadata: { ...metadata, ...describeForm(form) },
      }),
  };
}
