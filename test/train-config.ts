import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { composeRun } from '@limbeck/compose';
import { defineDataset, definePlugin, type Plugin } from '@limbeck/core';
import type { ComputeBackend, Exporter } from '@limbeck/core/backend';
import { createHost, resolveConfig } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import { writeSafetensors } from '@limbeck/formats';
import type { StateDict } from '@limbeck/graph';
import { type RunResult, standardTraining, type TrainOptions, train } from '@limbeck/trainer';

/** What a configuration of a test may name besides the standard optimisers, schedules and metrics. */
export interface Given extends TrainOptions {
  readonly plugins: readonly Plugin[];
  /** Id `given`. */
  readonly dataset: RunDataset;
  readonly backends: readonly ComputeBackend[];
  // biome-ignore lint/suspicious/noExplicitAny: every exporter brings an option type of its own
  readonly exporters?: readonly Exporter<any>[];
}

/**
 * Composes a configuration of layers, first to last, and trains it, with data and backends that the test holds. Nothing is
 * exported and caches lie beside the run, unless the configuration says otherwise.
 */
export async function trainConfig(
  layers: readonly object[],
  { plugins, dataset, backends, exporters = [], ...options }: Given,
): Promise<RunResult> {
  const given = definePlugin({
    name: 'given',
    api: 1,
    setup(host) {
      host.datasets.add(
        defineDataset({
          id: 'given',
          description: 'what a test holds',
          files: [],
          open: async () => dataset,
        }),
      );
      host.backends.add(...backends);
      host.exporters.add(...exporters);
    },
  });
  const base = { data: { use: 'given' }, train: { export: [] }, backend: backends[0]!.id };
  const { config } = resolveConfig([base, ...layers].map((value, i) => ({ source: `layer ${i}`, value })));
  const entries = [standardTraining, given, ...plugins].map((plugin) => ({ plugin, origin: 'test' }));
  const host = await createHost({ plugins: entries });
  try {
    const beside = (name: string) => path.join(path.dirname(options.folder), name);
    const spec = await composeRun(config, host, {
      dataDir: beside('data'),
      cacheDir: beside('cache'),
      calibrationDir: beside('calibration'),
    });
    return await train(spec, options);
  } finally {
    await host.dispose();
  }
}

/** Writes weights where a configuration can name them; returns the path. */
export function savedWeights(folder: string, name: string, tensors: StateDict): string {
  const file = path.join(folder, `${name}.safetensors`);
  writeFileSync(file, writeSafetensors(tensors));
  return file;
}
