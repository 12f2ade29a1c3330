import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  deployedModel,
  findParts,
  isAnother,
  type ModelFacts,
  modelOfWeights,
  type PredictedImages,
  type Prediction,
  place,
  placeForeign,
  predict,
  readFacts,
  type Surroundings,
} from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { type Host, placements, type ResolvedConfig, type WantedPlacement } from '@limbeck/core/host';
import { decodeOnnx } from '@limbeck/formats';
import {
  type Classifier,
  executableClassifier,
  readModelFile,
  type Weights,
  weightsExtensions,
} from '@limbeck/trainer';
import { openHost, openHostHere } from '../config/open-config.js';
import { openRecorded } from '../config/reopen-config.js';
import { describeImages, type SaidOfImages } from '../predict/describe-images.js';
import { findPictures } from '../predict/find-pictures.js';
import { rowFormat } from '../predict/rows.js';
import { openForeign } from './evaluate-task.js';
import type { WorkContext } from './messages.js';
import { readTarget } from './read-target.js';
import { locateTarget, type Target } from './target.js';

export interface PredictRequest extends Surroundings, SaidOfImages {
  /** Run folder, file of weights or ONNX file. */
  readonly model: string;
  /** Folder of pictures, or one picture. */
  readonly folder: string;
  /** File to write, absolute; left out, predictions are returned. */
  readonly out?: string | undefined;
  readonly top: number;
  readonly batchSize: number;
  readonly workers?: number | undefined;
  readonly onError: 'stop' | 'skip';
  readonly config?: string | undefined;
  readonly set?: readonly string[] | undefined;
}

export interface PredictResult {
  readonly model: string;
  /** Pictures that were labelled. */
  readonly pictures: number;
  /** Pictures that were left out. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** The file that was written. */
  readonly out?: string | undefined;
  /** Where no file was asked for. */
  readonly predictions?: readonly Prediction[];
  readonly seconds: number;
}

/** Pictures between two notes about the progress. */
const told = 500;

/** Labels pictures with a trained model. */
export async function predictTask(request: PredictRequest, context: WorkContext): Promise<PredictResult> {
  const { cwd, config, set, out } = request;
  const target = await locateTarget({ cwd, target: request.model, config, set });
  const files = await findPictures(request.folder, cwd);
  const opened =
    target.config === undefined ? undefined : await openRecorded({ config: target.config, set }, cwd);
  const host = opened === undefined ? (await openHostHere(undefined, cwd)).host : await openHost(opened);
  const started = performance.now();
  try {
    const loaded = readModel(target, opened?.config);
    const about = { facts: loaded.facts, config: opened?.config, model: target.model };
    const images = await describeImages(about, request, host, request);
    const { classifier, dispose } = await openModel(loaded, { ...about, images }, host, request.batchSize);
    const kept: Prediction[] = [];
    const writer =
      out === undefined ? undefined : await openWriter(out, Math.min(request.top, images.classNames.length));
    let pictures = 0;
    let said = 0;
    try {
      const skipped = await predict({
        ...{ classifier, images, files, stop: context.stopped },
        ...{ top: request.top, batchSize: request.batchSize },
        ...{ workers: request.workers, onError: request.onError },
        async onPredicted(predictions, done) {
          pictures += predictions.length;
          if (writer === undefined) kept.push(...predictions);
          else await writer.write(predictions);
          if (done - said < told) return;
          said = done;
          context.say({ type: 'note', text: `${done} of ${files.length} pictures` });
        },
      });
      await writer?.finish();
      const names = new Map(files.map((one) => [one.file, one.path]));
      return {
        ...{ model: target.model, pictures, out },
        skipped: skipped.map(({ name, reason }) => ({ path: names.get(name) ?? name, reason })),
        ...(out === undefined && { predictions: kept }),
        seconds: (performance.now() - started) / 1000,
      };
    } finally {
      await writer?.abandon();
      await dispose();
    }
  } finally {
    await host.dispose();
  }
}

/** A model that was read, not yet compiled. */
type ReadModel =
  | { readonly facts: ModelFacts | undefined; readonly weights: Weights }
  | { readonly facts: ModelFacts | undefined; readonly onnx: string };

function readModel({ model, epoch }: Target, config: ResolvedConfig | undefined): ReadModel {
  if (epoch !== undefined || weightsExtensions.includes(path.extname(model))) {
    const isOwn = config !== undefined && model === config.student.weights?.file;
    const weights = readTarget({ model, epoch }, isOwn ? config.student : undefined);
    return { weights, facts: readFacts(weights) };
  }
  const { metadata } = decodeOnnx(readModelFile(model));
  return { onnx: model, facts: readFacts({ source: model, metadata }) };
}

async function openModel(
  loaded: ReadModel,
  { config, images }: { config: ResolvedConfig | undefined; images: PredictedImages },
  host: Host,
  batchSize: number,
): Promise<{ classifier: Classifier; dispose(): Promise<void> }> {
  const where = config === undefined ? anywhere : placements(config).student;
  if ('onnx' in loaded) return openForeign(loaded.onnx, await placeForeign(where, host));
  const { weights } = loaded;
  const { imageShape, normalization, classNames } = images;
  const facts = { imageShape, normalization, classes: classNames.length };
  const isOther = config === undefined || isAnother(weights, findParts(config, host).student);
  const deployed = isOther
    ? modelOfWeights(host, weights, facts)
    : await deployedModel(config, host, weights, facts);
  const { backend, ...how } = await place(where, host, 'inference');
  const executable = await backend.compile(deployed.program(batchSize), { ...how, state: deployed.state });
  return { classifier: executableClassifier(executable), dispose: () => executable.dispose() };
}

/** The best that works here. */
const anywhere: WantedPlacement = { use: 'auto', precision: 'float32' };

/** A file of predictions, which gets its name once it is complete. */
interface Writer {
  write(predictions: readonly Prediction[]): Promise<void>;
  finish(): Promise<void>;
  /** Removes what is not complete. */
  abandon(): Promise<void>;
}

/** @throws LimbeckError USAGE, WRITE_FAILED */
async function openWriter(out: string, top: number): Promise<Writer> {
  const format = rowFormat(out, top);
  const partial = `${out}.${process.pid}.part`;
  const failed = (cause: unknown): never => {
    throw new LimbeckError('WRITE_FAILED', `cannot write ${out}: ${(cause as Error).message}`, {
      hint: 'choose another file with -o',
      details: { path: out },
      cause,
    });
  };
  const file = await open(partial, 'w').catch(failed);
  let isOpen = true;
  await file.write(format.header);
  return {
    async write(predictions) {
      await file.appendFile(predictions.map((one) => format.line(one)).join('')).catch(failed);
    },
    async finish() {
      isOpen = false;
      await file.close().catch(failed);
      await rename(partial, out).catch(failed);
    },
    async abandon() {
      if (!isOpen) return;
      await file.close().catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}
