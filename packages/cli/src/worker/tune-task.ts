import path from 'node:path';
import { type Host, LimbeckError, type OpenDataset, placements, type ResolvedConfig } from '@limbeck/core';
import type { Program } from '@limbeck/graph';
import {
  type MetricValues,
  measureLatency,
  metricName,
  type Placement,
  readWeightsFile,
  runFiles,
  summarize,
} from '@limbeck/trainer';
import { backboneTeachers, boundTeacher } from '../compose/backbone-teachers.js';
import { place } from '../compose/backend.js';
import { openData } from '../compose/compose-run.js';
import { deployedModel } from '../compose/deployed-model.js';
import { findParts, type RunParts } from '../compose/parts.js';
import { type ConfigChoice, openConfig, openHost } from '../config/open-config.js';
import { dataFolder } from '../data-folder.js';
import { onFront } from '../tune/front.js';
import type { ProjectorSize } from '../tune/grid.js';
import { resultOf } from '../tune/standing.js';
import type { SweepRun } from '../tune/sweep.js';
import type { WorkContext } from './messages.js';

export interface TuneRequest extends ConfigChoice {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the search, absolute. */
  readonly folder: string;
  /** Finished runs below it. */
  readonly runs: readonly SweepRun[];
}

/** A deployed model of a search. */
export interface TunedModel {
  readonly label: string;
  /** Of the backbone. */
  readonly id: string;
  /** The first metric on the test split: after the last epoch, as deployed. */
  readonly last: number;
  /** The best epoch's; absent for a teacher. */
  readonly best?: { readonly value: number; readonly epoch: number };
  /** Of all that is deployed. */
  readonly parameters: number;
  /** For one image. */
  readonly macs: number;
  /** Median time for one image alone; all in one sitting. */
  readonly latencyMs: number;
  /** Run folder. */
  readonly folder?: string;
}

/** A model that there is a choice between: the student alone or one with projectors. */
export interface Choice extends TunedModel {
  /** Whether no other choice is better at `last` without costing more parameters, or time. */
  readonly front: { readonly parameters: boolean; readonly latency: boolean };
}

/** A model with projectors of one size. */
export interface TunedSize extends Choice, ProjectorSize {}

export interface TuneResult {
  readonly folder: string;
  /** Id of the metric that all are compared by. */
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  readonly teachers: readonly TunedModel[];
  readonly student: Choice;
  readonly sizes: readonly TunedSize[];
}

/** What models are measured with. */
interface Bench {
  readonly request: TuneRequest;
  readonly host: Host;
  readonly parts: RunParts;
  readonly dataset: OpenDataset;
  readonly placement: Placement;
  readonly metric: string;
}

/** Measures what the finished runs of a search deploy, beside the student alone and its teachers. */
export async function tuneTask(request: TuneRequest, context: WorkContext): Promise<TuneResult> {
  const opened = await openConfig(request, request.cwd);
  const { config } = opened;
  const host = await openHost(opened);
  try {
    const parts = findParts(config, host);
    const first = parts.metrics[0]!;
    const metric = metricName(first);
    const { better } = first.contribution;
    const bench: Bench = {
      request,
      host,
      parts,
      dataset: await openData(config, parts, dataFolder(config.data.dir, request)),
      placement: await place(placements(config).student, host, 'inference'),
      metric,
    };
    context.say({ type: 'note', text: `measuring ${request.runs.length} models, one image at a time` });
    const models: (TunedModel & { readonly size?: ProjectorSize })[] = [];
    for (const run of request.runs) {
      if (context.stopped()) throw new LimbeckError('INTERRUPTED', 'the measurement was interrupted');
      models.push({ ...(await measureRun(run, bench)), size: run.size });
    }
    const choices = withFronts(models, better);
    return {
      folder: request.folder,
      metric,
      better,
      teachers: await measureTeachers(config, bench),
      student: choices.find(({ size }) => size === undefined)!,
      sizes: choices.flatMap(({ size, ...model }) => (size === undefined ? [] : [{ ...model, ...size }])),
    };
  } finally {
    await host.dispose();
  }
}

async function measureRun({ name, label, set }: SweepRun, bench: Bench): Promise<TunedModel> {
  const { request, host, dataset, metric, parts } = bench;
  const folder = path.join(request.folder, name);
  const { config } = await openConfig({ config: request.config, set }, request.cwd);
  const weights = readWeightsFile(path.join(folder, runFiles.student));
  const model = await deployedModel(config, host, weights, dataset);
  const { last, best } = resultOf(folder);
  const { parameters, macs } = model.summary();
  return {
    label,
    id: parts.student.backbone.id,
    last: last[metric]!,
    best: { value: best[metric]!, epoch: best.epoch },
    parameters,
    macs,
    latencyMs: await latencyOf(model.bound(1), bench),
    folder,
  };
}

async function measureTeachers(config: ResolvedConfig, bench: Bench): Promise<TunedModel[]> {
  const { request, dataset, metric, parts } = bench;
  const { name: run } = request.runs.find(({ size }) => size !== undefined)!;
  const { teachers } = resultOf(path.join(request.folder, run));
  const measured: TunedModel[] = [];
  for (const teacher of backboneTeachers(config, parts)) {
    const values: MetricValues | undefined = teachers[teacher.name]?.metrics;
    if (values?.[metric] === undefined) continue;
    const shape = { image: dataset.imageShape, classes: dataset.classes };
    const { id, parameters, macs } = summarize(teacher.model, shape);
    const latencyMs = await latencyOf(boundTeacher(teacher, dataset)(1), bench);
    measured.push({ label: teacher.name, id, last: values[metric], parameters, macs, latencyMs });
  }
  return measured;
}

async function latencyOf(program: Program, { placement }: Bench): Promise<number> {
  const { backend, ...how } = placement;
  const executable = await backend.compile(program, how);
  const { medianMs } = await measureLatency(executable).finally(() => executable.dispose());
  return medianMs;
}

function withFronts<T extends TunedModel>(
  models: readonly T[],
  better: TuneResult['better'],
): (T & Choice)[] {
  const sign = better === 'higher' ? 1 : -1;
  const front = (costOf: (model: TunedModel) => number) =>
    onFront(models.map((model) => ({ cost: costOf(model), merit: sign * model.last })));
  const small = front(({ parameters }) => parameters);
  const quick = front(({ latencyMs }) => latencyMs);
  return models.map((model, i) => ({ ...model, front: { parameters: small[i]!, latency: quick[i]! } }));
}
