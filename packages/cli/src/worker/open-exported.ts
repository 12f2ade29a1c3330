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
  type Surroundings,
} from '@limbeck/compose';
import { didYouMean, LimbeckError } from '@limbeck/core';
import { coreVersion, type Host } from '@limbeck/core/host';
import { describeWeights, picturesOf, type Weights } from '@limbeck/trainer';
import { hasConfig } from '../config/load-config.js';
import { type OpenedConfig, openConfig } from '../config/open-config.js';
import { openRecorded } from '../config/reopen-config.js';
import { readTarget } from './read-target.js';
import type { Target } from './target.js';

/** The configuration a model goes with: that of its run, the one named, or the one found here; its plugins may bring the model. */
export async function openTarget(
  { config }: Target,
  { cwd }: Surroundings,
): Promise<OpenedConfig | undefined> {
  if (config !== undefined) return openRecorded({ config }, cwd);
  return (await hasConfig(cwd)) ? openConfig({}, cwd) : undefined;
}

/** Weights say which model they are for; for those from elsewhere a configuration does. */
export async function openModel(
  target: Target,
  opened: OpenedConfig | undefined,
  { host, where, isNamed }: { host: Host; where: Surroundings; isNamed: boolean },
): Promise<{ model: DeployedModel; metadata: Readonly<Record<string, string>> }> {
  // names and parts are those that the student of a named configuration takes
  const weights = readTarget(target, isNamed ? opened?.config.student : undefined);
  const facts = readFacts(weights);
  const isBeside = target.config !== undefined;
  if (opened === undefined || (facts !== undefined && !isBeside)) {
    return { model: modelOfWeights(host, weights), metadata: weights.metadata ?? {} };
  }
  const said = facts ?? (await factsOf(opened, { host, where }));
  const model = await deployedModel(opened.config, host, weights, said);
  return { model, metadata: facts === undefined ? describe(said, weights, opened) : weights.metadata! };
}

/** What weights from elsewhere do not say: the data of the configuration stands for it. */
async function factsOf(
  { config }: OpenedConfig,
  { host, where }: { host: Host; where: Surroundings },
): Promise<ModelFacts> {
  const parts = findParts(config, host);
  const dataset = await openData(config, parts, dataFolder(config.data.dir, where));
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
export function besideSource({ model, epoch }: Target, extension: string): string {
  if (epoch === undefined) return model.replace(/\.[^.]+$/, extension);
  return path.join(model, `student-${typeof epoch === 'number' ? `epoch-${epoch}` : epoch}${extension}`);
}

/**
 * The exporter of a format, with what is asked of it.
 *
 * @throws LimbeckError UNKNOWN_ID, UNKNOWN_OPTION, CONFIG_INVALID
 */
export function exporterFor(
  { format, opset, dtype }: { format: string; opset: number | undefined; dtype: string | undefined },
  host: Host,
) {
  const formats = ['safetensors', ...host.list('exporters').map(({ id }) => id)];
  if (!formats.includes(format)) {
    throw new LimbeckError('UNKNOWN_ID', `there is no format '${format}'; known: ${formats.join(', ')}`, {
      hint: didYouMean(format, formats) ?? 'is the plugin that brings it listed in the configuration?',
    });
  }
  const use = { use: format, ...(opset !== undefined && { opset }), ...(dtype !== undefined && { dtype }) };
  return host.use('exporters', use, { path: `--format ${format}` });
}
