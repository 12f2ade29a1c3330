import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { runFolders } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { parseSet } from '@limbeck/core/host';
import { summarize, weightsExtensions, weightsFileParts } from '@limbeck/trainer';
import { type ConfigChoice, openConfig, openHost, openHostHere } from '../config/open-config.js';
import { optionKeys } from '../config/reference.js';
import { describeOnnx } from '../inspect/describe-onnx.js';
import { describeStep } from '../inspect/describe-step.js';
import { findCaches } from '../inspect/find-caches.js';
import { printModel } from '../inspect/print-model.js';
import { printOnnx } from '../inspect/print-onnx.js';
import { printStep } from '../inspect/print-step.js';
import { inspectWeights } from '../inspect/print-weights.js';
import type { Io } from '../io.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';

export interface InspectOptions extends ConfigChoice {
  readonly name?: string;
  readonly input?: string;
  readonly classes?: string;
  readonly json?: boolean;
}

/** `limbeck inspect [NAME|CONFIG|FILE.onnx]`: every model, the layers of one, what a configuration composes, what a file holds. */
export async function inspect(io: Io, options: InspectOptions): Promise<void> {
  const { name } = options;
  if (name === undefined) await listModels(io, options);
  else if (isConfig(name)) await inspectConfig(io, { ...options, config: name });
  else if (isWeights(name, io.cwd)) await inspectFile(io, { ...options, name });
  else if (isFile(name, io.cwd)) await inspectConfig(io, { ...options, config: name });
  else await inspectModel(io, { ...options, name });
}

/** Configurations are told by their names; an index of shards is JSON too. */
const isConfig = (name: string): boolean =>
  /\.([mc]?[jt]s|json|ya?ml)$/.test(name) && !/\.index\.json$/.test(name);

/** By name where there is no file, so that what is missing is called what it would be. */
const isWeights = (name: string, cwd: string): boolean =>
  [...weightsExtensions, '.npy', '.onnx'].includes(path.extname(name).toLowerCase()) ||
  (!name.startsWith('.') && statSync(path.resolve(cwd, name), { throwIfNoEntry: false })?.isFile() === true);

/** A file of weights or a model: its bytes say which. */
async function inspectFile(io: Io, options: InspectOptions & { readonly name: string }): Promise<void> {
  const file = path.resolve(io.cwd, options.name);
  const { format, entries } = weightsFileParts(file);
  if (format === 'onnx') await inspectOnnx(io, options);
  else inspectWeights(io, file, entries, options);
}

/** Ids of models never look like a configuration's file name. */
const isFile = (name: string, cwd: string): boolean =>
  /\.([mc]?[jt]s|json|ya?ml)$/.test(name) || name.startsWith('.') || existsSync(path.resolve(cwd, name));

async function listModels(io: Io, { config, json }: InspectOptions): Promise<void> {
  const { host } = await openHostHere(config, io.cwd);
  try {
    const models = host
      .list('backbones')
      .map(({ id, description, plugin }) => ({
        id,
        description,
        cite: host.get('backbones', id).cite,
        plugin: plugin.name,
      }))
      .sort((a, b) => a.plugin.localeCompare(b.plugin) || a.id.localeCompare(b.id, 'en', { numeric: true }));
    if (json) printJson(io, { models });
    else {
      const columns = [{ head: 'model' }, { head: '' }, { head: 'plugin' }];
      const rows = models.map(({ id, description, plugin }) => [id, description, plugin]);
      print(io, table(columns, rows), "'limbeck inspect NAME' shows the layers of one");
    }
  } finally {
    await host.dispose();
  }
}

async function inspectModel(io: Io, options: InspectOptions & { readonly name: string }): Promise<void> {
  const { host } = await openHostHere(options.config, io.cwd);
  try {
    const given = Object.assign({}, ...(options.set ?? []).map((text) => parseSet(text).value));
    const { contribution: backbone, options: own } = host.use('backbones', { ...given, use: options.name });
    const summary = summarize({ backbone, options: own }, shapeOf(options));
    if (options.json) printJson(io, summary);
    else printModel(io, summary, optionKeys(backbone));
  } finally {
    await host.dispose();
  }
}

async function inspectOnnx(io: Io, options: InspectOptions & { readonly name: string }): Promise<void> {
  const { host } = await openHostHere(options.config, io.cwd);
  try {
    const model = await describeOnnx(options.name, host, io.cwd);
    if (options.json) printJson(io, model);
    else printOnnx(io, model);
  } finally {
    await host.dispose();
  }
}

async function inspectConfig(io: Io, options: InspectOptions): Promise<void> {
  const opened = await openConfig(options, io.cwd);
  const host = await openHost(opened);
  try {
    const given = options.input === undefined && options.classes === undefined ? undefined : shapeOf(options);
    const folders = runFolders(opened.config, io);
    const step = await describeStep(opened.config, host, given ?? folders.dataDir);
    // which caches there are depends on the data, and not on its shape alone
    const caches = given === undefined ? await findCaches(opened.config, host, folders) : undefined;
    if (options.json) printJson(io, { file: opened.file, ...step, caches });
    else printStep(io, opened.file, step, caches);
  } finally {
    await host.dispose();
  }
}

/** @throws LimbeckError USAGE where the options are no shape and no number */
function shapeOf({ input = '3x32x32', classes = '100' }: Pick<InspectOptions, 'input' | 'classes'>) {
  const image = input.split(/[x,]/).map(Number);
  const isSize = (value: number | undefined) =>
    Number.isSafeInteger(value) && value! > 0 && value! <= 1 << 16;
  if (image.length !== 3 || !image.every(isSize)) {
    throw new LimbeckError('USAGE', `--input ${input} is no shape of an image`, {
      hint: 'write channels, height and width: --input 3x32x32',
    });
  }
  if (!isSize(Number(classes))) {
    throw new LimbeckError('USAGE', `--classes ${classes} is no number of classes`, {
      hint: 'write --classes 100',
    });
  }
  const [channels, height, width] = image as [number, number, number];
  return { image: [channels, height, width] as const, classes: Number(classes) };
}
