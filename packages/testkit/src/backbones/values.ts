import type { ComputeBackend, Executable } from '@limbeck/core/backend';
import {
  add,
  gradients,
  mean,
  mul,
  type Program,
  program,
  softmaxCrossEntropy,
  sub,
  sum,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { nonconformance } from '../conformance/case.js';
import { deviationOf } from '../deviation.js';
import { patternFill } from '../golden/pattern.js';
import type { BackboneCase, BackboneSubject } from './case.js';
import { traceBackbone } from './trace.js';

const batch = 4;
const seed = 1;

/** Share of the loss that one step is to take away, if the loss were a plane. */
const descent = 0.01;

/** Relative deviation of logits that only the order of the images could have caused. */
const tolerance = 1e-4;

/** Cases that compute: under first values of a seed, on images of a pattern. */
export function valueCases(subject: BackboneSubject, backend: ComputeBackend): BackboneCase[] {
  const images = patternFill(String(seed), 'image', [batch, ...subject.image]);
  return [
    { name: 'training/the loss falls along the gradients', run: () => lossFalls(subject, backend, images) },
    { name: 'training/running statistics follow', run: () => statisticsFollow(subject, backend, images) },
    {
      name: 'evaluation/images do not see each other',
      run: () => imagesAreApart(subject, backend, images),
    },
  ];
}

type Images = TensorData<'float32'>;

const traced = ({ backbone, options, classes }: BackboneSubject, images: Images, mode: 'train' | 'eval') =>
  traceBackbone(backbone, { image: images.shape, classes, mode, options });

/** Compiles, uses and disposes. */
async function using<T>(
  backend: ComputeBackend,
  target: Program,
  { trace }: ReturnType<typeof traced>,
  use: (executable: Executable) => Promise<T>,
): Promise<T> {
  const initial = initialState(trace.variables.values(), seed);
  const state = new Map(target.state.map(({ name }) => [name, initial.get(name)!]));
  const executable = await backend.compile(target, { state });
  try {
    return await use(executable);
  } finally {
    await executable.dispose();
  }
}

async function lossFalls(subject: BackboneSubject, backend: ComputeBackend, images: Images): Promise<void> {
  const model = traced(subject, images, 'train');
  const { graph } = model.logits;
  const labels = graph.input('labels', [batch], 'int32');
  const loss = mean(softmaxCrossEntropy(model.logits, labels));
  const parameters = [...model.trace.variables.values()].filter(({ kind }) => kind === 'parameter');
  const slopes = gradients(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  const rate = graph.input('rate', []);
  const target = program({
    name: subject.backbone.id,
    inputs: [rate],
    outputs: { loss, steepness: slopes.map((slope) => sum(mul(slope, slope))).reduce((a, b) => add(a, b)) },
    updates: new Map(
      parameters.map(({ stateName, tensor }, i) => [stateName, sub(tensor, mul(slopes[i]!, rate))]),
    ),
  });
  await using(backend, target, model, async (executable) => {
    const classes = Int32Array.from({ length: batch }, (_, i) => i % subject.classes);
    const step = async (at: number) => {
      const { loss, steepness } = await executable.step({
        image: images,
        labels: tensorData('int32', [batch], classes),
        rate: tensorData('float32', [], Float32Array.of(at)),
      });
      return { loss: loss!.data[0]!, steepness: steepness!.data[0]! };
    };
    const first = await step(0);
    if (!(first.steepness > 0) || !Number.isFinite(first.loss) || !Number.isFinite(first.steepness)) {
      throw nonconformance(
        `the loss is ${first.loss} and the sum of its squared gradients ${first.steepness}`,
      );
    }
    await step((descent * first.loss) / first.steepness);
    const second = await step(0);
    if (second.loss < first.loss) return;
    throw nonconformance(
      `the loss is ${first.loss}, and ${second.loss} after a small step along its gradients`,
    );
  });
}

async function statisticsFollow(
  subject: BackboneSubject,
  backend: ComputeBackend,
  images: Images,
): Promise<void> {
  const model = traced(subject, images, 'train');
  const { logits, trace } = model;
  const target = program({ name: subject.backbone.id, outputs: { logits }, updates: trace.updates });
  const before = initialState(trace.variables.values(), seed);
  await using(backend, target, model, async (executable) => {
    await executable.step({ image: images });
    const after = await executable.readState();
    for (const name of trace.updates.keys()) {
      const [was, is] = [before.get(name)!.data, after.get(name)!.data];
      if (!is.every(Number.isFinite)) throw nonconformance(`'${name}' is not finite after a step`);
      if (is.every((value, i) => value === was[i])) throw nonconformance(`'${name}' stays as it is`);
    }
  });
}

/** The batch backwards gives the logits backwards. */
async function imagesAreApart(
  subject: BackboneSubject,
  backend: ComputeBackend,
  images: Images,
): Promise<void> {
  const model = traced(subject, images, 'eval');
  const target = program({ name: subject.backbone.id, outputs: { logits: model.logits } });
  await using(backend, target, model, async (executable) => {
    const run = async (image: Images) => {
      const { logits } = await executable.step({ image });
      return tensorData('float32', logits!.shape, Float32Array.from(logits!.data));
    };
    const [forwards, backwards] = [await run(images), backwardsOf(await run(backwardsOf(images)))];
    const { relative } = deviationOf(backwards.data, forwards.data, Number.MIN_VALUE);
    if (relative <= tolerance) return;
    throw nonconformance(
      `logits of an image change with the others of its batch: they are ${relative} of their size apart`,
    );
  });
}

/** The last example first. */
function backwardsOf({ shape, data }: Images): Images {
  const size = data.length / shape[0]!;
  const rows = Array.from({ length: shape[0]! }, (_, i) => data.subarray(i * size, (i + 1) * size));
  return tensorData('float32', shape, Float32Array.from(rows.reverse().flatMap((row) => [...row])));
}
