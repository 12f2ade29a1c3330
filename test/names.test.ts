import { readdirSync, readFileSync } from 'node:fs';
import densenets from '@limbeck/backbone-densenet';
import mobilenets from '@limbeck/backbone-mobilenet';
import resnets from '@limbeck/backbone-resnet';
import shufflenets from '@limbeck/backbone-shufflenet';
import vggs from '@limbeck/backbone-vgg';
import vits from '@limbeck/backbone-vit';
import { createHost } from '@limbeck/core/host';
import { type TensorData, tensorData } from '@limbeck/graph';
import { matchWeights, TracedTeacher, type Weights } from '@limbeck/trainer';
import { afterAll, describe, expect, it } from 'vitest';

const folder = new URL('./names/', import.meta.url);
const names = (file: string) =>
  JSON.parse(readFileSync(new URL(`${file}.json`, folder), 'utf8')) as Record<string, number[]>;

/** Weights of those names; each tensor holds its place among them. */
function weightsOf(file: string, how: Partial<Weights> = {}): Weights & { places: Map<string, number> } {
  const tensors = new Map<string, TensorData>();
  const places = new Map<string, number>();
  for (const [i, [name, shape]] of Object.entries(names(file)).entries()) {
    const zeros = tensorData('float32', shape);
    (zeros.data as Float32Array).fill(i);
    tensors.set(name, zeros);
    places.set(name, i);
  }
  return { source: file, tensors, places, ...how };
}

const host = await createHost({
  plugins: [densenets, mobilenets, resnets, shufflenets, vggs, vits].map((plugin) => ({
    plugin,
    origin: plugin.name,
  })),
});
afterAll(() => host.dispose());

function load(use: Record<string, unknown> & { use: string }, weights: Weights, isStudent = false) {
  const { contribution: backbone, options } = host.use('backbones', use, { path: 'teacher' });
  const prefix = 'teacher';
  const model = new TracedTeacher({ backbone, options }, { prefix, image: [1, 3, 224, 224], classes: 10 });
  const head = new Set(
    [...model.variables.values()].map(({ name }) => name).filter((n) => n.startsWith('classifier')),
  );
  return matchWeights(model.variables.values(), weights, {
    role: `teacher '${use.use}'`,
    classes: 10,
    namings: backbone.namings,
    ...(isStudent && { head, mayDraw: true }),
  });
}

const vit = { use: 'deit_tiny_patch16_224' };
const distilled = { use: 'deit_tiny_distilled_patch16_224' };

describe('weights under the names of other code load by themselves', () => {
  it.each<[string, { use: string; stem?: string }, string | undefined, [string, string][]]>([
    [
      'torchvision-resnet18',
      { use: 'resnet18' },
      undefined,
      [['layer1.0.conv1.weight', 'layer1.0.conv1.weight']],
    ],
    ['torchvision-resnet50', { use: 'resnet50' }, undefined, []],
    [
      'torchvision-resnet18',
      { use: 'ResNet18', stem: 'imagenet' },
      'torchvision',
      [['layer2.0.shortcut.0.weight', 'layer2.0.downsample.0.weight']],
    ],
    ['torchvision-densenet121', { use: 'densenet121' }, undefined, []],
    ['torchvision-mobilenet_v2', { use: 'mobilenet_v2' }, undefined, []],
    [
      'torchvision-shufflenet_v2_x1_0',
      { use: 'ShuffleV2', stem: 'imagenet' },
      'torchvision',
      [
        ['layer1.0.conv1.weight', 'stage2.0.branch1.0.weight'],
        ['layer1.0.bn5.running_mean', 'stage2.0.branch2.6.running_mean'],
        ['layer3.3.conv3.weight', 'stage4.3.branch2.5.weight'],
      ],
    ],
    [
      'torchvision-vit',
      vit,
      'torchvision',
      [
        ['blocks.11.attn.qkv.weight', 'encoder.layers.encoder_layer_11.self_attention.in_proj_weight'],
        ['blocks.3.norm2.bias', 'encoder.layers.encoder_layer_3.ln_2.bias'],
      ],
    ],
    ['timm-resnet18', { use: 'resnet18' }, undefined, []],
    ['timm-resnet50', { use: 'resnet50' }, undefined, []],
    [
      'timm-mobilenetv2_100',
      { use: 'mobilenet_v2' },
      'timm',
      [
        ['features.1.conv.1.weight', 'blocks.0.0.conv_pw.weight'],
        ['features.9.conv.1.0.weight', 'blocks.3.2.conv_dw.weight'],
        ['features.17.conv.3.weight', 'blocks.6.0.bn3.weight'],
      ],
    ],
    ['timm-deit_tiny_patch16_224', vit, undefined, []],
    ['timm-deit_tiny_distilled_patch16_224', distilled, undefined, []],
    [
      'hf-resnet18',
      { use: 'resnet18' },
      'Hugging Face',
      [
        ['bn1.weight', 'resnet.embedder.embedder.normalization.weight'],
        ['layer2.0.downsample.1.bias', 'resnet.encoder.stages.1.layers.0.shortcut.normalization.bias'],
        ['layer4.1.conv2.weight', 'resnet.encoder.stages.3.layers.1.layer.1.convolution.weight'],
        ['layer4.1.conv1.weight', 'resnet.encoder.stages.3.layers.1.layer.0.convolution.weight'],
      ],
    ],
    ['hf-resnet18', { use: 'ResNet18', stem: 'imagenet' }, 'Hugging Face', []],
    ['hf-resnet50', { use: 'resnet50' }, 'Hugging Face', []],
    [
      'hf4-vit',
      vit,
      'Hugging Face',
      [
        ['blocks.5.attn.proj.weight', 'vit.encoder.layer.5.attention.output.dense.weight'],
        ['blocks.5.mlp.fc2.bias', 'vit.encoder.layer.5.output.dense.bias'],
      ],
    ],
    ['hf4-deit-distilled', distilled, 'Hugging Face', [['head_dist.bias', 'distillation_classifier.bias']]],
    ['hf5-vit', vit, 'Hugging Face', [['blocks.5.attn.proj.weight', 'vit.layers.5.attention.o_proj.weight']]],
    ['hf5-deit-distilled', distilled, 'Hugging Face', [['dist_token', 'deit.embeddings.distillation_token']]],
  ])('%s as %j', (file, use, by, pairs) => {
    const weights = weightsOf(file);
    const { state, notes } = load(use, weights);
    expect(notes).toEqual(by === undefined ? [] : [`read the names as those of ${by}`]);
    for (const [own, theirs] of pairs) {
      expect(state.get(`teacher.${own}`)!.data[0], own).toBe(weights.places.get(theirs));
    }
    const values = [...state].filter(([name]) => !name.includes('.qkv.')).map(([, { data }]) => data[0]);
    expect(new Set(values).size).toBe(values.length);
  });

  it.each(['hf4-vit', 'hf5-vit'])('%s: queries, keys and values become one tensor, in this order', (file) => {
    const weights = weightsOf(file);
    const { state } = load(vit, weights);
    const key = [...weights.places.keys()].filter((name) =>
      /[.]11[.].*(query|key|value|[qkv]_proj)[.]weight/.test(name),
    );
    const { data } = state.get('teacher.blocks.11.attn.qkv.weight')!;
    expect([0, 192 * 192, 2 * 192 * 192].map((at) => data[at])).toEqual(
      key.map((name) => weights.places.get(name)),
    );
  });

  it('with a dot before numbers, as files of torchvision have it', () => {
    const weights = weightsOf('torchvision-densenet121');
    const dotted = new Map(
      [...weights.tensors].map(([name, value]) => [name.replace(/(norm|conv)([12])[.]/, '$1.$2.'), value]),
    );
    const { notes } = load({ use: 'densenet121' }, { ...weights, tensors: dotted });
    expect(notes[0]).toMatch(/torchvision's published files/);
  });

  it.each([
    ['torchvision-vgg11_bn', 'vgg11', 'torchvision'],
    ['torchvision-vgg19_bn', 'vgg19', 'torchvision'],
    ['timm-vgg11_bn', 'vgg11', 'timm'],
  ])('%s with a new classifier, since its own is another', (file, use, by) => {
    const { state, notes } = load({ use }, weightsOf(file, { head: 'new' }), true);
    expect(state.size).toBeGreaterThan(40);
    expect(notes.join()).toContain(by);
    expect(notes.at(-1)).toBe('drew a new classifier: classifier.weight, classifier.bias');
    expect(() => load({ use }, weightsOf(file))).toThrow(/fit;/);
  });

  it.each([
    ['timm-mobilenetv1_100', 'MobileNetV1', /timm: its activations are cut off at 6/],
    ['hf-mobilenet-v1', 'MobileNetV1', /Hugging Face: its convolutions pad as TensorFlow does/],
    ['hf-mobilenet-v2', 'mobilenet_v2', /Hugging Face: its convolutions pad as TensorFlow does/],
  ])('%s is refused: another network of the same shapes', (file, use, message) => {
    expect(() => load({ use }, weightsOf(file))).toThrow(message);
  });

  it('every file of names is tried', () => {
    const source = readFileSync(new URL(import.meta.url), 'utf8');
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
      expect(source, file).toContain(`'${file.replace('.json', '')}'`);
    }
  });
});
