import type { Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import {
  adaptiveAvgPool,
  ancestors,
  bindState,
  concat,
  globalAveragePool,
  interpret,
  mean,
  nodesOf,
  program,
  reshape,
  type SampleInput,
  simplify,
  square,
  type Tensor,
} from '@limbeck/graph';
import { initialState, type Mode, randomSource, Scope } from '@limbeck/nn';
import {
  boundScope,
  buildDistiller,
  checkGradients,
  differentiate,
  type Planes,
  patternFill,
  planesOf,
} from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import plugin, { bottleneck } from './index.js';
import { integrate } from './integration.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});
afterAll(() => host.dispose());

const [batch, size] = [2, 2];

/** Convolution of 2x2 maps, kernel 1x1 or padded 3x3, then batch norm over the batch, then ReLU. */
function layer(
  x: Planes,
  weight: ArrayLike<number>,
  kernel: number,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
): Planes {
  const [inside, outside] = [x[0]!.length, scale.length];
  const reach = (kernel - 1) / 2;
  const convolved = x.map((image) =>
    Array.from({ length: outside }, (_, o) =>
      Array.from({ length: size * size }, (_, at) => {
        let total = 0;
        for (let c = 0; c < inside; c++) {
          for (let i = 0; i < kernel; i++) {
            for (let j = 0; j < kernel; j++) {
              const [row, column] = [Math.floor(at / size) + i - reach, (at % size) + j - reach];
              if (row < 0 || column < 0 || row >= size || column >= size) continue;
              total +=
                weight[((o * inside + c) * kernel + i) * kernel + j]! * image[c]![row * size + column]!;
            }
          }
        }
        return total;
      }),
    ),
  );
  const statistics = Array.from({ length: outside }, (_, o) => {
    const all = convolved.flatMap((image) => image[o]!);
    const average = all.reduce((a, b) => a + b) / all.length;
    return { average, variance: all.reduce((a, b) => a + (b - average) ** 2, 0) / all.length };
  });
  return convolved.map((image) =>
    image.map((plane, o) => {
      const { average, variance } = statistics[o]!;
      return plane.map((v) =>
        Math.max(((v - average) / Math.sqrt(variance + 1e-5)) * scale[o]! + shift[o]!, 0),
      );
    }),
  );
}

const mapsOf = (data: ArrayLike<number>, channels: number): Planes => planesOf(data, { batch, channels });

describe('a bottleneck', () => {
  const [channels, out] = [3, 4];
  const shapes: Record<string, readonly number[]> = {
    'conv1.weight': [2, channels, 1, 1],
    'conv2.weight': [2, 2, 3, 3],
    'conv3.weight': [out, 2, 1, 1],
  };
  for (const [i, width] of [2, 2, out].entries()) {
    for (const name of ['weight', 'bias', 'running_mean', 'running_var'])
      shapes[`bn${i + 1}.${name}`] = [width];
  }
  const names = Object.keys(shapes);
  const inputs: SampleInput[] = [
    { shape: [batch, channels, size, size] },
    ...names.map((name) => ({
      shape: shapes[name]!,
      differentiable: !name.includes('running'),
      ...(/^bn.\.weight$/.test(name) ? { from: 0.5, to: 1.5 } : {}),
    })),
  ];
  const run = (x: Tensor, ...tensors: Tensor[]) => {
    const m = boundScope(x.graph, Object.fromEntries(names.map((name, i) => [name, tensors[i]!])));
    return bottleneck(m, x, { out, reduction: 2, depthwise: false, kernel: 3 });
  };

  test('is three convolutions by plain loops', () => {
    const { value, inputs: filled } = differentiate(
      (...x) => mean(square(run(x[0]!, ...x.slice(1)))),
      inputs,
    );
    const of = (name: string) => filled[names.indexOf(name) + 1]!;
    let x = mapsOf(filled[0]!, channels);
    for (const i of [1, 2, 3]) {
      x = layer(x, of(`conv${i}.weight`), i === 2 ? 3 : 1, of(`bn${i}.weight`), of(`bn${i}.bias`));
    }
    const all = x.flat(2);
    expect(value).toBeCloseTo(all.reduce((sum, v) => sum + v * v, 0) / all.length, 9);
  });

  test('has the right gradients', () => {
    expect(checkGradients(run, inputs, { tolerance: 1e-5 }).length).toBe(10);
  });

  test.each([0, 1e4])('is finite in single precision for maps that are all %d', (constant) => {
    const still = { ...inputs[0]!, from: constant, to: constant };
    const { value, gradients } = differentiate(
      (...x) => mean(square(run(x[0]!, ...x.slice(1)))),
      [still, ...inputs.slice(1)],
      { precision: 'float32' },
    );
    expect([value, ...gradients.flatMap((g) => [...g])].every(Number.isFinite)).toBe(true);
  });
});

const student = {
  stage1: [2, 4, 8, 8],
  stage2: [2, 6, 4, 4],
  'last-map': [2, 9, 4, 4],
  embedding: [2, 9],
  logits: [2, 3],
};
const teacher = { stage1: [2, 4, 8, 8], 'last-map': [2, 8, 2, 2], embedding: [2, 8], logits: [2, 3] };
const build = (use: object = {}, mode: Mode = 'train') =>
  buildDistiller(host, { use: 'classifier-sharing', ...use } as Use, { student, teacher }, { mode });

describe('the distiller', () => {
  test("compares the student's last stage with the map that the teacher's classifier reads", () => {
    const built = build();
    expect([...built.student.inputs.keys()]).toEqual(['student.stage2']);
    expect([...built.teacher.inputs.keys()]).toEqual(['teacher.last-map']);
    expect(built.taskWeight).toBe(0);
    expect(Object.keys(built.losses)).toEqual(['feature']);
    expect(built.losses.feature).toMatchObject({ weight: 1, value: { shape: [] } });
    expect(built.predict!.shape).toEqual([2, 3]);
  });

  test.each([
    ['the larger student', { tap: 'stage1' }, [2, 2]],
    ['the larger teacher', { teacherTap: 'stage1' }, [4, 4]],
  ])('pools %s', (_, use, to) => {
    const projected = build(use).teacher.classified!.inputs[0]!;
    expect(projected.shape.slice(2)).toEqual(to);
  });

  test("predicts from the student's map and the teacher's classifier, and from nothing else", () => {
    const leaves = ancestors([build({}, 'eval').predict!], { throughComposites: true })
      .filter(({ operation }) => operation.name === 'input')
      .map(({ attributes }) => attributes.name);
    expect(leaves).toEqual(['student.stage2']);
  });

  test.each([
    ['mean', 1 / 3],
    ['sum', 1],
  ])('integrates projections by their %s, each drawn by itself', (integration, scale) => {
    const { student: model, teacher: reader, trace } = build({ projectors: 3, integration });
    const [x] = model.inputs.values();
    const alone = [0, 1, 2].map((k) => {
      const place = new Scope(trace).in('classifier-sharing').in('projectors').in(k);
      return bottleneck(place, adaptiveAvgPool(x!, { size: [2, 2] }), {
        out: 8,
        reduction: 2,
        depthwise: false,
        kernel: 3,
      });
    });
    const together = reader.classified!.inputs[0]!;
    const outputs = new Map([together, ...alone].map((tensor, i) => [`${i}`, tensor]));
    const target = program({ name: 'integration', outputs });
    const wanted = new Set(target.state.map(({ name }) => name));
    const drawn = [...trace.variables.values()].filter(({ stateName }) => wanted.has(stateName));
    const feeds = new Map([['student.stage2', patternFill('1', 'x', x!.shape)]]);
    const results = interpret(target, feeds, initialState(drawn, 5)).outputs;
    const [all, ...each] = ['0', '1', '2', '3'].map((name) => [...results.get(name)!.data]);
    expect(all).toEqual(
      all!.map((_, i) => expect.closeTo(scale * (each[0]![i]! + each[1]![i]! + each[2]![i]!), 5)),
    );
    expect(each[0]).not.toEqual(each[1]);
  });

  test('reduces as it is told, and says when nothing is left', () => {
    const widthOf = (reduction: number) =>
      build({ reduction }).trace.variables.get('classifier-sharing.projectors.0.conv2.weight')!.tensor
        .shape[0];
    expect([1, 2, 3, 8].map(widthOf)).toEqual([8, 4, 2, 1]);
    expect(() => widthOf(9)).toThrow("nothing of the teacher's 8 channels");
  });

  test('learns the shares of an integration that starts as the mean', () => {
    const { trace } = build({ projectors: 3, integration: 'learned' });
    const share = trace.variables.get('classifier-sharing.integration.weight')!;
    expect(share.tensor.shape).toEqual([1, 3]);
    expect([...share.initializer.fill([1, 3], randomSource(1, 'x'))]).toEqual([0, 0, 0]);
  });

  test('concatenates projections before a 1x1 convolution', () => {
    const { trace } = build({ projectors: 3, integration: 'concat' });
    const shapeOf = (name: string) =>
      trace.variables.get(`classifier-sharing.integration.${name}`)!.tensor.shape;
    expect(shapeOf('conv.weight')).toEqual([8, 24, 1, 1]);
    expect(shapeOf('bn.weight')).toEqual([8]);
  });

  test('has a depthwise form, with so many fewer weights', () => {
    const { trace } = build({ depthwise: true });
    expect(trace.variables.get('classifier-sharing.projectors.0.conv2.weight')!.tensor.shape).toEqual([
      4, 1, 3, 3,
    ]);
  });

  test('projects what is pooled where it is told so', () => {
    const built = build({ feature: 'vector' });
    expect([...built.student.inputs.keys()]).toEqual(['student.embedding']);
    expect([...built.teacher.inputs.keys()]).toEqual(['teacher.embedding']);
    expect(built.trace.variables.get('classifier-sharing.projectors.0.conv2.weight')!.tensor.shape).toEqual([
      4, 4, 1, 1,
    ]);
    expect(built.predict!.shape).toEqual([2, 3]);
  });

  test('refuses features of the other kind', () => {
    expect(() => build({ tap: 'embedding' })).toThrow(/'embedding' of student 'student' is \[2, 9\]/);
    expect(() => build({ teacherTap: 'embedding' })).toThrow(/'embedding' of teacher 'teacher' is \[2, 8\]/);
  });

  const forms = ['mean', 'sum', 'learned', 'concat'].flatMap((integration) =>
    [false, true].map((depthwise) => ({ integration, depthwise, projectors: 3 })),
  );
  test.each([...forms, { feature: 'vector', projectors: 3 }])(
    'deployed in three convolutions what training computes in nine: %j',
    (use) => {
      const evaluated = build(use, 'eval');
      const frozen = deployed(evaluated, use);
      const shared = 'integration' in use && use.integration === 'concat' ? 1 : 0;
      expect(frozen.convolutions).toBe(3 + shared);
      expect(frozen.outputs).toEqual(frozen.apart.map((value) => expect.closeTo(value, 4)));
      expect(new Set(frozen.outputs).size).toBeGreaterThan(1);
    },
  );

  test('has twice the parameters for twice the projectors', () => {
    const count = (projectors: number) => build({ projectors }).trace.variables.size;
    expect(count(2)).toBe(2 * count(1));
  });
});

/** The deployed prediction with drawn weights, and the same by bottlenecks one by one. */
function deployed(
  { predict, trace, student: model, teacher: reader }: ReturnType<typeof build>,
  use: object,
) {
  const options = { projectors: 3, integration: 'mean', depthwise: false, ...use };
  const onMaps = !('feature' in use);
  const [[name, x]] = [...model.inputs] as [[string, Tensor]];
  const input = onMaps ? adaptiveAvgPool(x, { size: [2, 2] }) : reshape(x, [...x.shape, 1, 1]);
  const place = new Scope(trace).in('classifier-sharing');
  const each = Array.from({ length: options.projectors }, (_, k) =>
    bottleneck(place.in('projectors').in(k), input, {
      out: 8,
      reduction: 2,
      depthwise: options.depthwise,
      kernel: onMaps ? 3 : 1,
    }),
  );
  const [n, out, ...size] = each[0]!.shape as [number, number, ...number[]];
  const stacked = reshape(concat(each, { axis: 1 }), [n, options.projectors, out, ...size]);
  const how = options.integration as Parameters<typeof integrate>[2];
  const projected = globalAveragePool(integrate(place.in('integration'), stacked, how));
  const outputs = { together: reader.classified!, apart: projected };
  const target = program({ name: 'deployed', outputs });
  const drawn = initialState(trace.variables.values(), 11);
  // running statistics as training leaves them: not those of a fresh layer
  for (const [key, { data }] of drawn) {
    const [from, step] = key.endsWith('running_mean') ? [-0.05, -0.01] : [0.05, 0.02];
    if (key.includes('running')) for (let i = 0; i < data.length; i++) data[i] = from + step * i;
  }
  const state = new Map(target.state.map((slot) => [slot.name, drawn.get(slot.name)!]));
  const feeds = new Map([[name, patternFill('1', 'x', x.shape)]]);
  const results = interpret(target, feeds, state).outputs;
  const alone = program({ name: 'deployed', outputs: { together: outputs.together } });
  const simple = simplify(
    bindState(alone, new Map(alone.state.map((slot) => [slot.name, state.get(slot.name)!]))),
  );
  expect(predict).toBeDefined();
  return {
    convolutions: nodesOf(simple).filter(({ operation }) => operation.name === 'conv2d').length,
    outputs: [...results.get('together')!.data],
    apart: [...results.get('apart')!.data],
  };
}

test('parameters of one projector are as SimKD counts them', () => {
  // resnet8x4 (256 channels) to resnet32x4 (256 channels), reduction 1, 2, 4, 8
  const taps = { 'last-map': [2, 256, 8, 8], embedding: [2, 256], logits: [2, 100] };
  const counts = [1, 2, 4, 8].map((reduction) => {
    const use = { use: 'classifier-sharing', projectors: 1, reduction };
    const { trace } = buildDistiller(host, use, { student: taps, teacher: taps });
    return [...trace.variables.values()]
      .filter(({ kind }) => kind === 'parameter')
      .reduce((sum, { tensor }) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0);
  });
  expect(counts).toEqual([722_432, 214_016, 70_400, 26_240]);
});
