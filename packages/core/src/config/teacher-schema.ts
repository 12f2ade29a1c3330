import * as z from 'zod';
import { defaultTeacherName } from '../contracts/teacher-name.js';
import { byContent, byValue, identity, irrelevant, whenSet } from './identity.js';
import { count, device, id, normalization, precision, rename, threads } from './schema-parts.js';
import { teacherCache } from './teacher-cache-schema.js';
import { renameProblem, weights } from './weights-schema.js';

const share = z.number().min(0).max(1);

/** How ranges of a teacher in int8 are found. */
export const calibration = z.strictObject({
  images: count
    .default(512)
    .describe('Training images it runs over, without augmentation.')
    .register(identity, byValue),
  method: z
    .enum(['min-max', 'percentile', 'entropy'])
    .default('min-max')
    .describe("What counts as an activation's range: all values, all but the rarest, or what tells most.")
    .register(identity, byValue),
  percentile: z
    .number()
    .gt(50)
    .max(100)
    .default(99.99)
    .describe('Share of values that `percentile` keeps, in per cent.')
    .register(identity, byValue),
  firstConvolution: z
    .enum(['float32', 'int8'])
    .default('float32')
    .describe('How the first convolution computes. Its errors reach every feature.')
    .register(identity, whenSet),
  classifier: z
    .enum(['float32', 'int8'])
    .default('float32')
    .describe('How the classifier computes. Its errors reach every logit.')
    .register(identity, whenSet),
  dir: id
    .optional()
    .describe(
      'Folder where ranges are kept for all runs with the same weights and images. Absent: runs/.cache/calibration.',
    )
    .register(identity, irrelevant),
});

const fidelity = z.strictObject({
  images: count.default(640).describe('Test images it is measured on.'),
  agreement: share.default(0.98).describe('Least share of images with the same prediction.'),
  cosine: z.number().min(-1).max(1).default(0.99).describe('Least mean cosine of every output that is used.'),
  accept: z.boolean().default(false).describe('Whether to go on below the bounds.'),
});

const layout = z.enum(['NCHW', 'NHWC']);

/** A tensor's name, or with the layout of its map; a bare name becomes an object. */
const tap = z
  .union([
    id,
    z.strictObject({
      tensor: id.describe('Its name in the file.'),
      layout: layout.default('NCHW').describe('Order of the axes of a map.'),
    }),
  ])
  .transform((value) => (typeof value === 'string' ? { tensor: value, layout: 'NCHW' as const } : value));

const input = z.strictObject({
  name: id.optional().describe('Its name in the file. Absent: the only one.'),
  layout: layout.default('NCHW').describe('Order of the axes of images.'),
  channels: z
    .enum(['RGB', 'BGR', 'grey'])
    .optional()
    .describe(
      'Channels it takes, in this order: grey images of the data are repeated, coloured ones weighted. Absent: those of the data.',
    ),
  size: z
    .tuple([count, count])
    .optional()
    .describe('Height and width it takes, to which images are scaled. Absent: what the file says.'),
  scale: z
    .union([z.literal(1), z.literal(255)])
    .default(1)
    .describe('Value of a white pixel before normalisation.'),
  normalization: z
    .union([z.literal('none'), normalization])
    .optional()
    .describe(
      "Mean and standard deviation per channel on that scale, or 'none'. Absent: as the data set normalises.",
    ),
});

const limits = z.union([
  z.literal('none'),
  z.strictObject({
    memory: count
      .optional()
      .describe("Memory of its process in MiB. Absent: 2,048 and eight times the file's size."),
    seconds: count.optional().describe("Absent: 60, and one for every MiB of the file's size."),
  }),
]);

/** Keys of a teacher that say which model it is. */
const backboneKeys = ['use', 'weights', 'rename'] as const;
const fileKeys = ['onnx', 'taps', 'logits', 'outputs', 'input', 'limits'] as const;

const shape = {
  name: id
    .default(defaultTeacherName)
    .describe('What distillers, messages and, with several teachers, names of features call it.')
    .register(identity, byContent),
  use: id
    .optional()
    .describe('Id of the backbone; its options stand beside it. Either this or `onnx`.')
    .register(identity, byContent),
  weights: weights
    .optional()
    .describe(
      "File with the backbone's weights (safetensors, a checkpoint of PyTorch, npz or ONNX), or what is taken of it.",
    )
    .register(identity, byContent),
  rename: rename.register(identity, byContent),
  onnx: id
    .optional()
    .describe('File of a model from elsewhere, in place of `use` and `weights`.')
    .register(identity, byContent),
  taps: z
    .record(id, tap)
    .optional()
    .describe("What distillers may ask of `onnx`: names of the file's tensors by tap, such as `embedding`.")
    .register(identity, byContent),
  logits: z
    .union([id, z.literal(false)])
    .optional()
    .describe(
      "The tensor with the logits of `onnx`, false where it has none. Absent: the file's only output, or the one of that name.",
    )
    .register(identity, byContent),
  outputs: z
    .enum(['logits', 'probabilities'])
    .optional()
    .describe(
      'What that tensor holds; the logarithm of probabilities is taken. Absent: logits, and what looks like probabilities is refused.',
    )
    .register(identity, byContent),
  input: input.optional().describe('What images `onnx` takes.').register(identity, byContent),
  limits: limits
    .optional()
    .describe(
      "What `onnx` may take while it is first tried, in a process of its own; 'none' runs a file that is trusted without a trial.",
    )
    .register(identity, irrelevant),
  backend: id
    .optional()
    .describe("Where it runs. Absent: on the run's backend.")
    .register(identity, byContent),
  device: device
    .optional()
    .describe("Absent: the run's, or the best of its own backend.")
    .register(identity, byContent),
  precision: precision
    .default('float32')
    .describe('Element type it computes in.')
    .register(identity, byContent),
  threads: threads.optional().describe("Absent: the run's.").register(identity, byContent),
  acceptChance: z
    .boolean()
    .default(false)
    .describe('Whether to go on where it turns out no better than guessing.')
    .register(identity, irrelevant),
  calibration: calibration
    .prefault({})
    .describe('How the ranges of its activations are found; for precision int8 alone.')
    .register(identity, byContent),
  fidelity: fidelity
    .prefault({})
    .describe('What it must be true to its float32 self by; for precision int8 alone.')
    .register(identity, irrelevant),
  cache: teacherCache
    .optional()
    .describe(
      'Whether what it gives is computed once and read back from disk, and how. Absent: it is asked in every step.',
    )
    .register(identity, byContent),
};

/** What is said of a teacher beside the options of its backbone. */
export const teacherSettings = z.looseObject(shape);

/** A teacher: a backbone with its options and weights, or a model from a file. */
export const teacher = teacherSettings.superRefine((given, context) => {
  const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
  if (given.onnx === undefined) {
    if (given.use === undefined) refuse('use', 'expected the id of a backbone, or a file in `onnx`');
    else if (given.weights === undefined) refuse('weights', 'expected the file with its weights');
    const problem = renameProblem(given);
    if (problem !== undefined) refuse('rename', problem);
    if (given.weights?.head === 'new')
      refuse('weights', 'expected a classifier that is loaded: a teacher is not trained');
    for (const key of fileKeys) if (given[key] !== undefined) refuse(key, 'expected `onnx` beside it');
    return;
  }
  for (const key of backboneKeys) {
    if (given[key] !== undefined) refuse(key, 'expected either a backbone or `onnx`');
  }
  if (given.precision !== 'float32') {
    refuse('precision', "expected 'float32': a model from a file runs as it is");
  }
  if (given.taps?.logits !== undefined) refuse('taps', 'expected the logits beside it, as `logits`');
  const unknown = Object.keys(given).filter((key) => !(key in shape));
  if (unknown.length > 0) context.addIssue({ code: 'unrecognized_keys', keys: unknown, input: given });
});
