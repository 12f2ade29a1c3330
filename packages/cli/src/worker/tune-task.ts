import path from 'node:path';
import { backboneTeachers, boundTeacher, deployedModel, type Surroundings } from '@limbeck/compose';
import { LimbeckError, type MetricFormat } from '@limbeck/core';
import type { Program } from '@limbeck/graph';
import { type MetricValues, metricName, readWeightsFile, runFiles, summarize } from '@limbeck/trainer';
import {
  type ConfigChoice,
  changed,
  type OpenedConfig,
  openConfig,
  openHost,
} from '../config/open-config.js';
import { onFront } from '../tune/front.js';
import type { ProjectorSize } from '../tune/grid.js';
import { latenciesOf } from '../tune/latencies.js';
import { resultOf } from '../tune/standing.js';
import type { SweepRun } from '../tune/sweep.js';
import type { WorkContext } from './messages.js';
import { openWorkbench, type Workbench } from './workbench.js';

export interface TuneRequest extends ConfigChoice, Surroundings {
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
  /** Time for one image alone: the median of the quietest of several rounds over all models. */
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
  /** How its values are shown; absent where it says nothing. */
  readonly format?: MetricFormat;
  readonly teachers: readonly TunedModel[];
  readonly student: Choice;
  readonly sizes: readonly TunedSize[];
}

/** A model whose latency is yet to be measured. */
interface Measurable extends Omit<TunedModel, 'latencyMs'> {
  /** For one image. */
  readonly program: Program;
}

/** What the models of a search are measured with. */
interface SearchBench extends Workbench {
  readonly request: TuneRequest;
  readonly opened: OpenedConfig;
  readonly metric: string;
}

/** Measures what the finished runs of a search deploy, beside the student alone and its teachers. */
export async function tuneTask(request: TuneRequest, context: WorkContext): Promise<TuneResult> {
  const opened = await openConfig(request, request.cwd);
  const { config } = opened;
  const host = await openHost(opened);
  try {
    const workbench = await openWorkbench(config, host, request);
    const first = workbench.parts.metrics[0]!;
    const metric = metricName(first);
    const { better, format } = first.contribution;
    const bench: SearchBench = { ...workbench, request, opened, metric };
    context.say({ type: 'note', text: `measuring ${request.runs.length} models, one image at a time` });
    const check = () => {
      if (context.stopped()) throw new LimbeckError('INTERRUPTED', 'the measurement was interrupted');
    };
    const trained: (Measurable & { readonly size?: ProjectorSize })[] = [];
    for (const run of request.runs) {
      check();
      trained.push({ ...(await measuredRun(run, bench)), size: run.size });
    }
    const teachers = measuredTeachers(bench);
    const programs = [...trained, ...teachers].map(({ program }) => program);
    const latencies = await latenciesOf(programs, bench.placement, check);
    const timed = <T extends Measurable>({ program: _, ...model }: T, i: number) => ({
      ...model,
      latencyMs: latencies[i]!,
    });
    const choices = withFronts(trained.map(timed), better);
    return {
      folder: request.folder,
      metric,
      better,
      format,
      teachers: teachers.map((teacher, i) => timed(teacher, trained.length + i)),
      student: choices.find(({ size }) => size === undefined)!,
      sizes: choices.flatMap(({ size, ...model }) => (size === undefined ? [] : [{ ...model, ...size }])),
    };
  } finally {
    await host.dispose();
  }
}

async function measuredRun({ name, label, set }: SweepRun, bench: SearchBench): Promise<Measurable> {
  const { request, opened, host, dataset, metric, parts } = bench;
  const folder = path.join(request.folder, name);
  const { config } = changed(opened, set, request.cwd);
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
    program: model.bound(1),
    folder,
  };
}

function measuredTeachers(bench: SearchBench): Measurable[] {
  const { config, request, dataset, metric, parts } = bench;
  const { name: run } = request.runs.find(({ size }) => size !== undefined)!;
  const { teachers } = resultOf(path.join(request.folder, run));
  const opened: Measurable[] = [];
  for (const teacher of backboneTeachers(config, parts)) {
    const values: MetricValues | undefined = teachers[teacher.name]?.metrics;
    if (values?.[metric] === undefined) continue;
    const shape = { image: dataset.imageShape, classes: dataset.classes };
    const { id, parameters, macs } = summarize(teacher.model, shape);
    const program = boundTeacher(teacher, dataset)(1);
    opened.push({ label: teacher.name, id, last: values[metric], parameters, macs, program });
  }
  return opened;
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
