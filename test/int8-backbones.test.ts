import densenets, { denseNet } from '@limbeck/backbone-densenet';
import mobilenets from '@limbeck/backbone-mobilenet';
import shufflenets from '@limbeck/backbone-shufflenet';
import vits from '@limbeck/backbone-vit';
import { onnxBackend } from '@limbeck/backend-onnx';
import { definePlugin, type Use } from '@limbeck/core';
import type { CompileOptions } from '@limbeck/core/backend';
import { createHost } from '@limbeck/core/host';
import { bindState, type Program, type Shape } from '@limbeck/graph';
import { patternFill } from '@limbeck/testkit';
import { TracedTeacher } from '@limbeck/trainer';
import { expect, test } from 'vitest';

const image = [4, 3, 32, 32];
const tiny = denseNet({ id: 'tiny-densenet', growth: 8, stemWidth: 16, layers: [2, 2, 2, 2] });
const plugins = [
  ...[densenets, mobilenets, shufflenets, vits],
  definePlugin({ name: 'tiny', api: 1, setup: (host) => host.backbones.add(tiny) }),
].map((plugin) => ({ plugin, origin: plugin.name }));

/** Values that keep the size of activations from layer to layer. */
function drawn(name: string, shape: Shape) {
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  const value = (u: number): number => {
    if (shape.length > 1) return u * Math.sqrt(6 / fanIn);
    return /weight|running_var/.test(name) ? 1 + 0.2 * u : 0.1 * u;
  };
  return patternFill('int8-backbones', name, [...shape], value);
}

/** A backbone with drawn weights. */
async function frozen(use: Use): Promise<Program> {
  const host = await createHost({ plugins });
  try {
    const { contribution: backbone, options } = host.use('backbones', use, { path: 'teacher' });
    const teacher = new TracedTeacher({ backbone, options }, { prefix: 'teacher', image, classes: 10 });
    const program = teacher.program(['embedding', 'logits']);
    const values = program.state.map(({ name, current }) => [name, drawn(name, current.shape)] as const);
    return bindState(program, new Map(values));
  } finally {
    await host.dispose();
  }
}

const images = (name: string) => ({ image: patternFill('int8-backbones', name, image, (u) => 2 * u) });

async function run(program: Program, options: CompileOptions = {}) {
  const executable = await onnxBackend.compile(program, { threads: 2, ...options });
  const { embedding, logits } = await executable.step(images('held out'));
  const copies = [embedding, logits].map((one) => (one!.data as Float32Array).slice());
  await executable.dispose();
  return { embedding: copies[0]!, logits: copies[1]! };
}

const int8: CompileOptions = {
  precision: 'int8',
  calibration: { batches: ['a', 'b', 'c', 'd'].map(images) },
};

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((total, value, i) => total + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

// concatenated maps, convolutions in groups and one by one, split and shuffled channels
test.each(['tiny-densenet', 'MobileNetV1', 'MobileNetV2', 'ShuffleV2_0_5'])(
  '%s in int8 stays close to itself in float32',
  async (id) => {
    const program = await frozen(id);
    const [float, rounded] = [await run(program), await run(program, int8)];
    expect(cosine(rounded.embedding, float.embedding)).toBeGreaterThan(0.99);
    expect(cosine(rounded.logits, float.logits)).toBeGreaterThan(0.99);
    expect(rounded.logits).not.toEqual(float.logits);
  },
);

test('a transformer, whose only convolution is the first, is refused in int8', async () => {
  const program = await frozen({ use: 'vit', width: 32, depth: 1, heads: 2, patch: 8 });
  await expect(run(program, int8)).rejects.toMatchObject({
    code: 'BACKEND_UNSUPPORTED',
    message: expect.stringContaining("nothing of 'teacher' would be computed in int8"),
    hint: expect.stringContaining('float32'),
  });
});
