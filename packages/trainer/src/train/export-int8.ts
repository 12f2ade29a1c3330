import { LimbeckError } from '@limbeck/core';
import type {
  Calibration,
  ComputeBackend,
  ExportedFiles,
  Exporter,
  Feeds,
  LoadedModel,
} from '@limbeck/core/backend';
import type { RunDataset } from '@limbeck/data';
import { type Program, type TensorData, tensorData } from '@limbeck/graph';
import { median } from '../analysis/median.js';
import { agreementOf, type Evaluation, evaluate } from '../evaluate/evaluate.js';
import { type Classifier, loadedClassifier } from '../execute/classifier.js';
import { calibrationBatches } from '../execute/open-teacher.js';
import { sizeOfExported } from '../files/exported.js';
import type { Chosen, Placement } from '../run/choices.js';
import { type ExportForm, inForm } from '../run/export-form.js';
import type { Int8Figures } from '../run/facts.js';

/** What an export in int8 is made of and measured by. */
export interface Int8Export {
  // biome-ignore lint/suspicious/noExplicitAny: every exporter brings an option type of its own
  readonly exporter: Chosen<Exporter<any>>;
  /** Traces the model for batches of a size, its weights as constants, in the form it is exported in. */
  readonly program: (batch: number) => Program;
  readonly form: ExportForm;
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: { readonly dataset: RunDataset; readonly batchSize: number; readonly evalBatchSize: number };
  readonly seed: number;
  /** Default: smallest and largest values over 512 images. */
  readonly calibration?: Pick<Calibration, 'method' | 'percentile'> & {
    readonly images?: number | undefined;
  };
  /** Runs the files. */
  readonly loader: Placement;
  /** Points of top-1 that may be lost, or of agreement where there is no top-1. Default 1. */
  readonly maxDrop?: number | undefined;
  readonly say: (line: string) => void;
  readonly stop: () => boolean;
}

/** Images that layers are told apart by. */
const probes = 256;

/**
 * A trained student in int8: calibrated on training images, measured beside float32 on the evaluated split. Where that costs more
 * than the bound, layers stay in float32, the most harmful first.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where format or model have no int8; PRECONDITION with the figures where no choice of
 * layers keeps the bound; INTERRUPTED
 */
export async function exportInt8(order: Int8Export): Promise<{ files: ExportedFiles; figures: Int8Figures }> {
  const { exporter, program, form, metadata, data, loader, maxDrop = 1, say, stop } = order;
  const { contribution, options } = exporter;
  if (contribution.calibrate === undefined) throw noInt8(contribution.id);
  if (form.embedding === true) {
    throw new LimbeckError('PRECONDITION', 'int8 is judged by predictions, and an encoder alone gives none', {
      hint: 'export the encoder in float32 or float16',
    });
  }
  const { images = 512, ...how } = order.calibration ?? {};
  const source = await calibrationBatches({ data, seed: order.seed }, images);
  const batches = source.map(
    ({ image }): Feeds => ({ image: inForm(image!, form, data.dataset.normalization) }),
  );
  const context = { options, metadata };
  const float = contribution.write(program(1), context);
  const ready = await contribution.calibrate(program(data.batchSize), {
    ...context,
    calibration: { batches, ...how },
  });
  const opened = (files: ExportedFiles) => open(files, loader, order);
  const measure = async (files: ExportedFiles): Promise<Measured> => {
    const model = await opened(files);
    try {
      const evaluation = await evaluate({
        ...{ classifier: model.classifier, dataset: data.dataset, metrics: [], stop },
        batchSize: data.evalBatchSize,
      });
      return { evaluation, latencyMs: await model.latency() };
    } finally {
      await model.dispose();
    }
  };
  const exact = await measure(float);
  const lossOf = ({ evaluation }: Measured) =>
    100 *
    (exact.evaluation.accuracy === undefined
      ? 1 - agreementOf(exact.evaluation, evaluation).predictions
      : exact.evaluation.accuracy - evaluation.accuracy!);
  const left: string[] = [];
  let files = ready.write();
  let rounded = await measure(files);
  if (lossOf(rounded) > maxDrop) {
    say(
      `all ${ready.layers.length} layers in int8 cost ${lossOf(rounded).toFixed(2)} points, more than ${maxDrop}: looking for those that should stay in float32`,
    );
    const harmful = await byHarm(ready, float, { batches, opened, stop });
    while (lossOf(rounded) > maxDrop && left.length < ready.layers.length) {
      // a tenth more at a time: few files are tried, and few layers are left out in vain
      left.push(...harmful.slice(left.length, left.length + Math.max(1, Math.floor(left.length / 4))));
      if (left.length >= ready.layers.length) break;
      files = ready.write(new Set(left));
      rounded = await measure(files);
      say(`${left.length} in float32: ${lossOf(rounded).toFixed(2)} points`);
    }
  }
  const { accuracy } = exact.evaluation;
  const figures: Int8Figures = {
    samples: exact.evaluation.samples,
    ...(accuracy !== undefined && { top1: { float32: accuracy, int8: rounded.evaluation.accuracy! } }),
    agreement: agreementOf(exact.evaluation, rounded.evaluation).predictions,
    bytes: { float32: sizeOfExported(float), int8: sizeOfExported(files) },
    latencyMs: { float32: exact.latencyMs, int8: rounded.latencyMs },
    layers: ready.layers.length - left.length,
    float32: left,
  };
  if (lossOf(rounded) <= maxDrop) return { files, figures };
  throw new LimbeckError(
    'PRECONDITION',
    `int8 costs ${lossOf(rounded).toFixed(2)} points, and at most ${maxDrop} may be lost, whichever layers stay in float32`,
    {
      hint: 'calibrate with more images, allow more (--max-drop, maxDrop), or export in float16',
      details: { figures },
    },
  );
}

interface Measured {
  readonly evaluation: Evaluation;
  readonly latencyMs: number;
}

/** Layers by what each of them in int8 alone does to the logits of training images, the most harmful first. */
async function byHarm(
  ready: { readonly layers: readonly string[]; write(float32: ReadonlySet<string>): ExportedFiles },
  float: ExportedFiles,
  {
    batches,
    opened,
    stop,
  }: {
    batches: readonly Feeds[];
    opened: (files: ExportedFiles) => Promise<OpenedFile>;
    stop: () => boolean;
  },
): Promise<string[]> {
  const size = batches[0]!.image!.shape[0]!;
  const few = batches.slice(0, Math.max(1, Math.floor(probes / size)));
  const logitsOf = async (files: ExportedFiles) => {
    const model = await opened(files);
    try {
      const all: number[] = [];
      for (const feeds of few) all.push(...(await model.logits(feeds)));
      return all;
    } finally {
      await model.dispose();
    }
  };
  const exact = await logitsOf(float);
  const harms: { layer: string; harm: number }[] = [];
  for (const layer of ready.layers) {
    if (stop()) throw new LimbeckError('INTERRUPTED', 'the export was interrupted');
    const others = new Set(ready.layers.filter((other) => other !== layer));
    const logits = await logitsOf(ready.write(others));
    harms.push({ layer, harm: logits.reduce((sum, value, i) => sum + (value - exact[i]!) ** 2, 0) });
  }
  return harms.sort((a, b) => b.harm - a.harm).map(({ layer }) => layer);
}

/** A file at work. */
interface OpenedFile {
  readonly classifier: Classifier;
  logits(feeds: Feeds): Promise<Float32Array>;
  latency(): Promise<number>;
  dispose(): Promise<void>;
}

async function open(
  files: ExportedFiles,
  { backend, device, threads }: Placement,
  { exporter, form, data }: Int8Export,
): Promise<OpenedFile> {
  const { id } = exporter.contribution;
  const load = (backend as ComputeBackend).load;
  if (load === undefined || !(files instanceof Uint8Array)) throw noInt8(id);
  const model: LoadedModel = await load.call(backend, files, { device, threads, source: `the ${id} file` });
  const raw = loadedClassifier(model, `the ${id} file`);
  const { normalization, imageShape } = data.dataset;
  const given = (images: TensorData) => inForm(images, form, normalization);
  return {
    classifier: { batchSize: raw.batchSize, run: (images) => raw.run(given(images)) },
    logits: async ({ image }) => (await raw.run(image!)).logits.data as Float32Array,
    async latency() {
      const image = given(tensorData('float32', [1, ...imageShape]));
      const times: number[] = [];
      for (let run = -20; run < 100; run++) {
        const started = performance.now();
        await raw.run(image);
        if (run >= 0) times.push(performance.now() - started);
      }
      return median(times);
    },
    dispose: () => model.dispose(),
  };
}

const noInt8 = (id: string) =>
  new LimbeckError('BACKEND_UNSUPPORTED', `exporter '${id}' does not write int8`, {
    hint: "use 'onnx', or leave the precision out",
  });
