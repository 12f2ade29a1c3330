import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { isLimbeckError, LimbeckError, type LoadedModel } from '@limbeck/core';
import { decodeOnnx, type OnnxModel } from '@limbeck/formats';
import { formatShape, type Shape, sameShape, tensorData } from '@limbeck/graph';
import type { Placement } from '../../run/choices.js';
import type {
  ForeignDeclaration,
  ForeignFeature,
  ForeignInput,
  ForeignModel,
  Layout,
} from '../../run/foreign-model.js';
import { type ImageFacts, imageConversion } from './images.js';
import { findInput } from './input.js';
import { modelLimits, type TeacherLimits } from './limits.js';

/** How a model from a file is opened. */
export interface OpenForeignOptions extends ImageFacts {
  readonly source: string;
  readonly declaration: ForeignDeclaration;
  readonly placement: Placement;
  readonly classes: number;
  /** What it may take while it is tried. Default: by the size of the file. */
  readonly limits?: TeacherLimits | undefined;
}

/** Images in the trial of a model that takes any number of them: more than one, so that the batch is told from other axes. */
const trialBatch = 2;

/**
 * Looks a model over and lets it look at two grey images: the shapes of its features are what it gives then.
 *
 * @throws LimbeckError BAD_FILE, UNKNOWN_TAP, PRECONDITION, SHAPE_MISMATCH, BACKEND_UNSUPPORTED
 */
export async function openForeignModel(
  bytes: Uint8Array,
  options: OpenForeignOptions,
): Promise<ForeignModel> {
  const { source, declaration, imageShape } = options;
  const model = decodeOnnx(bytes, { source });
  const tensors = tensorsOf(model, options);
  const input = findInput(model, declaration.input, { source, imageShape });
  const given = await tryOut(bytes, tensors, input, options);
  return {
    source,
    id: basename(source),
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    declaration,
    features: featuresOf(given, tensors, input, options),
    input,
    parameters: onnxParameters(model),
    nodes: model.graph.nodes.length,
  };
}

/**
 * Loads a model so that it gives some of its tensors.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where the backend takes no such files
 */
export function loadForeign(
  { bytes, source }: Pick<ForeignModel, 'bytes' | 'source'>,
  { backend, ...how }: Placement,
  tensors: Iterable<string>,
): Promise<LoadedModel> {
  if (backend.load === undefined) {
    throw new LimbeckError('BACKEND_UNSUPPORTED', `backend '${backend.id}' does not run model files`, {
      hint: "leave teacher.backend out, or choose 'onnx'",
    });
  }
  return backend.load(bytes, { ...how, source, outputs: [...new Set(tensors)] });
}

/** Names of tensors by tap. */
function tensorsOf({ graph }: OnnxModel, { declaration, source }: OpenForeignOptions): Map<string, string> {
  const { taps, logits } = declaration;
  const tensors = new Map(Object.entries(taps).map(([tap, { tensor }]) => [tap, tensor]));
  const outputs = graph.outputs.map(({ name }) => name);
  if (logits === undefined && outputs.length !== 1) {
    throw new LimbeckError(
      'PRECONDITION',
      `${source} gives ${outputs.join(', ') || 'nothing'}: which are the logits?`,
      {
        hint: 'name the tensor in teacher.logits',
        details: { outputs },
      },
    );
  }
  return tensors.set('logits', logits ?? outputs[0]!);
}

/** What a model gives for some images: element type and shape, by tensor. */
type Given = Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] }>>;

/** Lets the model look at grey images: in a process of its own, where the backend has such trials and nobody has opted out. */
async function tryOut(
  bytes: Uint8Array,
  tensors: ReadonlyMap<string, string>,
  input: ForeignInput,
  options: OpenForeignOptions,
): Promise<Given> {
  const { source, declaration, imageShape, normalization, placement } = options;
  const batch = input.batch ?? trialBatch;
  const convert = imageConversion({ imageShape, normalization }, declaration.input, input.size);
  const grey = tensorData('float32', [batch, ...imageShape]);
  const feeds = { [input.name]: convert(grey) };
  const refuse = (cause: Error): never => {
    if (isLimbeckError(cause) && cause.code !== 'BACKEND_FAILED') throw cause;
    throw new LimbeckError('PRECONDITION', `${source} cannot look at images of the data: ${cause.message}`, {
      hint: 'do teacher.input.layout and teacher.input.size say what it takes?',
      cause,
    });
  };
  const { backend, ...how } = placement;
  const limits = modelLimits(options.limits, bytes.byteLength);
  if (limits !== undefined && backend.tryModel !== undefined) {
    const outputs = [...new Set(tensors.values())];
    const trial = await backend.tryModel(bytes, { ...how, source, outputs, limits, feeds }).catch(refuse);
    return trial.given;
  }
  const loaded = await loadForeign({ bytes, source }, placement, tensors.values());
  try {
    return await loaded.run(feeds).catch(refuse);
  } finally {
    await loaded.dispose();
  }
}

/** What the tensors are for images of the data. */
function featuresOf(
  given: Given,
  tensors: ReadonlyMap<string, string>,
  input: ForeignInput,
  { source, declaration, classes }: OpenForeignOptions,
): Map<string, ForeignFeature> {
  const batch = input.batch ?? trialBatch;
  const features = new Map<string, ForeignFeature>();
  for (const [tap, tensor] of tensors) {
    const { layout = 'NCHW' } = declaration.taps[tap] ?? {};
    const value = given[tensor];
    const said = `tensor '${tensor}' of ${source}`;
    if (value === undefined || value.dtype !== 'float32') {
      const dtype = value?.dtype ?? 'of another type';
      throw new LimbeckError('PRECONDITION', `${said} is ${dtype}; tap '${tap}' needs float32`, {
        hint: 'name a tensor of features; limbeck inspect FILE.onnx lists them with their types',
      });
    }
    if (value.shape[0] !== batch) {
      throw new LimbeckError(
        'PRECONDITION',
        `${said} is ${formatShape(value.shape)} for ${batch} images; tap '${tap}' needs one row an image, first`,
        { hint: 'name a tensor whose first axis is the batch' },
      );
    }
    features.set(tap, { tensor, layout, shape: featureShape(tap, value.shape.slice(1), layout, said) });
  }
  const logits = features.get('logits')!.shape;
  if (sameShape(logits, [classes])) return features;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `${source} gives logits ${formatShape([batch, ...logits])} as '${tensors.get('logits')}', the data needs ${formatShape([batch, classes])}`,
    { hint: 'is the model for another number of classes, or is teacher.logits another tensor?' },
  );
}

/** Shape of one image's feature as distillers see it: axes of size 1 behind an embedding are left by pooling. */
function featureShape(tap: string, shape: Shape, layout: Layout, said: string): Shape {
  if ((tap === 'embedding' || tap === 'logits') && shape.slice(1).every((size) => size === 1)) {
    return shape.slice(0, 1);
  }
  if (layout === 'NCHW') return shape;
  if (shape.length === 3) return [shape[2]!, shape[0]!, shape[1]!];
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `${said} is no map [H, W, C] an image, but ${formatShape(shape)}`,
    {
      hint: `leave the layout of tap '${tap}' out`,
    },
  );
}

const floats: ReadonlySet<string> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** Numbers that a model holds as floating point constants. */
export const onnxParameters = ({ graph }: OnnxModel): number =>
  graph.initializers.reduce((sum, { dtype, data }) => sum + (floats.has(dtype) ? data.length : 0), 0);
