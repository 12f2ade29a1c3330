import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { isLimbeckError, LimbeckError } from '@limbeck/core';
import type { LoadedModel } from '@limbeck/core/backend';
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
import { refuseDoubtfulNodes } from './doubts.js';
import { type ImageFacts, imageConversion } from './images.js';
import { findInput } from './input.js';
import { modelLimits, type TeacherLimits } from './limits.js';
import { probabilityLink } from './probabilities.js';
import { type Trial, tryOut } from './trial.js';

/** How a model from a file is opened. */
export interface OpenForeignOptions extends ImageFacts {
  readonly source: string;
  readonly declaration: ForeignDeclaration;
  readonly placement: Placement;
  readonly classes: number;
  /** What it may take while it is tried. Default: by the size of the file. */
  readonly limits?: TeacherLimits | undefined;
}

/**
 * Looks a model over and lets it look at some images: the shapes of its features are what it gives then.
 *
 * @throws LimbeckError BAD_FILE, UNKNOWN_TAP, PRECONDITION where it is random, depends on its batch or gives probabilities
 * unsaid, SHAPE_MISMATCH, BACKEND_UNSUPPORTED
 */
export async function openForeignModel(
  bytes: Uint8Array,
  options: OpenForeignOptions,
): Promise<ForeignModel> {
  const { source, declaration, imageShape } = options;
  const model = decodeOnnx(bytes, { source });
  const tensors = tensorsOf(model, options);
  refuseDoubtfulNodes(model.graph, tensors.values(), source);
  const input = findInput(model, declaration.input, { source, imageShape });
  await guard(bytes, tensors, input, options);
  const loaded = await loadForeign({ bytes, source }, options.placement, tensors.values());
  try {
    const convert = imageConversion(options, declaration.input, input.size);
    const names = [...new Set(tensors.values())];
    const trial = await tryOut({ loaded, input, convert, imageShape, source, tensors: names });
    const { features, noLogits } = withOrWithoutLogits(featuresOf(tensors, trial, options), trial, {
      ...options,
      model,
    });
    return {
      source,
      id: basename(source),
      bytes,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      declaration,
      features,
      noLogits,
      input: { ...input, batch: trial.share },
      parameters: onnxParameters(model),
      nodes: model.graph.nodes.length,
    };
  } finally {
    await loaded.dispose();
  }
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
  if (logits === false) {
    if (tensors.size > 0) return tensors;
    throw new LimbeckError('PRECONDITION', `${source} has neither logits nor taps to learn from`, {
      hint: 'name tensors in teacher.taps, such as embedding',
    });
  }
  const outputs = graph.outputs.map(({ name }) => name);
  const found = logits ?? (outputs.length === 1 ? outputs[0] : outputs.find((name) => name === 'logits'));
  if (found !== undefined) return tensors.set('logits', found);
  throw new LimbeckError(
    'PRECONDITION',
    `${source} gives ${outputs.join(', ') || 'nothing'}: which are the logits?`,
    {
      hint: 'name the tensor in teacher.logits, or say teacher.logits: false and name others in teacher.taps',
      details: { outputs },
    },
  );
}

/**
 * Lets the model look at a grey image in a process of its own, where the backend has such trials and nobody has opted out: what
 * it takes of the machine is bounded there.
 */
async function guard(
  bytes: Uint8Array,
  tensors: ReadonlyMap<string, string>,
  input: ForeignInput,
  options: OpenForeignOptions,
): Promise<void> {
  const { source, declaration, imageShape, placement } = options;
  const { backend, ...how } = placement;
  const limits = modelLimits(options.limits, bytes.byteLength);
  if (limits === undefined || backend.tryModel === undefined) return;
  const convert = imageConversion(options, declaration.input, input.size);
  const feeds = { [input.name]: convert(tensorData('float32', [input.batch ?? 1, ...imageShape])) };
  const outputs = [...new Set(tensors.values())];
  await backend.tryModel(bytes, { ...how, source, outputs, limits, feeds }).catch((cause: Error) => {
    if (isLimbeckError(cause) && cause.code !== 'BACKEND_FAILED') throw cause;
    throw new LimbeckError('PRECONDITION', `${source} cannot look at images of the data: ${cause.message}`, {
      hint: 'do teacher.input.layout and teacher.input.size say what it takes?',
      cause,
    });
  });
}

/** What the tensors are for images of the data. */
function featuresOf(
  tensors: ReadonlyMap<string, string>,
  { batch, given }: Trial,
  { source, declaration }: OpenForeignOptions,
): Map<string, ForeignFeature> {
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
  return features;
}

/** What an output without classes is called, by the number of its axes. */
const headless = ['embedding', 'embedding', 'tokens', 'last-map'] as const;

/**
 * The features with logits where the tensor has a row of the data's classes. An only output of another shape is what a network
 * without a classifier gives: an embedding, tokens or a map.
 */
function withOrWithoutLogits(
  features: Map<string, ForeignFeature>,
  { batch, given }: Trial,
  { source, declaration, classes, model }: OpenForeignOptions & { readonly model: OnnxModel },
): Pick<ForeignModel, 'features' | 'noLogits'> {
  const found = features.get('logits');
  if (found === undefined) return { features, noLogits: 'teacher.logits says that it has none' };
  const { tensor, shape } = found;
  if (sameShape(shape, [classes])) {
    const { outputs } = declaration;
    const link = probabilityLink(model.graph, given[tensor]!, { tensor, source, outputs });
    return { features: features.set('logits', { ...found, link }), noLogits: undefined };
  }
  const gives = `it gives ${formatShape([batch, ...shape])} as '${tensor}', the data needs ${formatShape([batch, classes])}`;
  if (declaration.logits !== undefined) {
    throw new LimbeckError('SHAPE_MISMATCH', `${source} has no logits of the data's classes: ${gives}`, {
      hint: 'is the model for another number of classes, or is teacher.logits another tensor?',
    });
  }
  features.delete('logits');
  const tap = headless[shape.length] ?? 'embedding';
  if (!features.has(tap)) features.set(tap, found);
  return { features, noLogits: gives };
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
