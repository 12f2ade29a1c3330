import path from 'node:path';
import {
  dataFolder,
  deployedModel,
  findParts,
  isAnother,
  modelOfWeights,
  openData,
  place,
  placeForeign,
  type Surroundings,
} from '@limbeck/compose';
import { LimbeckError, type MetricFormat } from '@limbeck/core';
import { type Host, placements } from '@limbeck/core/host';
import {
  type Classifier,
  type Evaluation,
  evaluate,
  executableClassifier,
  formatsOf,
  loadedClassifier,
  type MetricChoice,
  type MetricValues,
  metricName,
  needsLogitsAlone,
  type Placement,
  type RunEpoch,
  readModelFile,
  weightsExtensions,
} from '@limbeck/trainer';
import { type OpenedConfig, openHost } from '../config/open-config.js';
import { openRecorded } from '../config/reopen-config.js';
import type { WorkContext } from './messages.js';
import { readTarget } from './read-target.js';
import { locateTarget } from './target.js';

export interface EvaluateRequest extends Surroundings {
  /** Run folder, configuration or model file. */
  readonly target: string;
  readonly weights?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  /** Of a run; default the one its files hold. */
  readonly epoch?: RunEpoch;
}

export interface EvaluateResult {
  /** What was measured: a file. */
  readonly model: string;
  readonly data: string;
  readonly samples: number;
  readonly metrics: MetricValues;
  /** How values of each are shown, by name. */
  readonly formats: Readonly<Record<string, MetricFormat>>;
  readonly seconds: number;
}

/** Measures a trained model on the test split. */
export async function evaluateTask(request: EvaluateRequest, context: WorkContext): Promise<EvaluateResult> {
  const { model, config, epoch } = await locateTarget(request);
  const opened = await openRecorded({ config, set: request.set }, request.cwd);
  context.say({ type: 'note', text: `configuration ${opened.file}` });
  const host = await openHost(opened);
  try {
    const measured = { model, epoch, isFound: config === undefined };
    const { dataset, evaluation, formats } = await measure(measured, opened, host, request, context);
    const { metrics, samples, seconds } = evaluation;
    return { model, data: dataset, samples, metrics, formats, seconds };
  } finally {
    await host.dispose();
  }
}

async function measure(
  { model, epoch, isFound }: { model: string; epoch: RunEpoch | undefined; isFound: boolean },
  { config }: OpenedConfig,
  host: Host,
  request: EvaluateRequest,
  { say, stopped }: WorkContext,
): Promise<{ dataset: string; evaluation: Evaluation; formats: EvaluateResult['formats'] }> {
  const parts = findParts(config, host);
  const dataset = await openData(config, parts, dataFolder(config.data.dir, request));
  const where = placements(config).student;
  const batchSize = config.data.evalBatchSize;
  const open = async (): Promise<{ classifier: Classifier; dispose(): Promise<void> }> => {
    if (epoch !== undefined || weightsExtensions.includes(path.extname(model))) {
      const isOwn = isStudents(model, config, request);
      const weights = readTarget({ model, epoch }, isOwn ? config.student : undefined);
      // a configuration that was found, not named, may be about other models: it brings the data
      const deployed =
        isFound && isAnother(weights, parts.student)
          ? modelOfWeights(host, weights, dataset)
          : await deployedModel(config, host, weights, dataset);
      const { backend, ...how } = await place(where, host, 'inference');
      const executable = await backend.compile(deployed.program(batchSize), {
        ...how,
        state: deployed.state,
      });
      return { classifier: executableClassifier(executable), dispose: () => executable.dispose() };
    }
    return openForeign(model, await placeForeign(where, host));
  };
  const { classifier, dispose } = await open();
  try {
    const metrics = ofModelAlone(parts.metrics, say);
    const evaluation = await evaluate({
      classifier,
      dataset,
      metrics,
      batchSize,
      stop: stopped,
    });
    return { dataset: parts.dataset.contribution.id, evaluation, formats: formatsOf(metrics) };
  } finally {
    await dispose();
  }
}

/** The metrics that a model can be measured by without its teacher; the others are said. */
function ofModelAlone(metrics: readonly MetricChoice[], say: WorkContext['say']): MetricChoice[] {
  const left = metrics.filter((metric) => !needsLogitsAlone(metric)).map(metricName);
  if (left.length > 0) {
    say({ type: 'note', text: `left out, since they are followed while training: ${left.join(', ')}` });
  }
  return metrics.filter(needsLogitsAlone);
}

/** Whether a file is what the configuration's student was said to take, whose names `student.rename` is for. */
const isStudents = (
  model: string,
  { student }: OpenedConfig['config'],
  { weights }: EvaluateRequest,
): boolean => weights !== undefined || model === student.weights?.file;

/** A model file that the backend runs unchanged. */
export async function openForeign(
  file: string,
  { backend, ...how }: Placement,
): Promise<{ classifier: Classifier; dispose(): Promise<void> }> {
  if (backend.load === undefined) {
    throw new LimbeckError('BACKEND_UNSUPPORTED', `backend '${backend.id}' does not run model files`, {
      hint: 'choose another with --set backend=onnx',
    });
  }
  const loaded = await backend.load(readModelFile(file), how);
  return { classifier: loadedClassifier(loaded, file), dispose: () => loaded.dispose() };
}
