import { completeOptions } from '@limbeck/core/host';
import { nodesOf, program } from '@limbeck/graph';
import { tapShapes, traceBackbone } from '@limbeck/testkit';
import { describeBackbone, describeZoo } from '@limbeck/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { visionTransformers, vit } from './index.js';

const imageNet = { image: [3, 224, 224], classes: 1000 } as const;

/** Parameters, counted from timm's code. */
describeZoo(visionTransformers, {
  published: {
    deit_tiny_patch16_224: { ...imageNet, parameters: 5_717_416 },
    deit_small_patch16_224: { ...imageNet, parameters: 22_050_664 },
    deit_tiny_distilled_patch16_224: { ...imageNet, parameters: 5_910_800 },
    deit_small_distilled_patch16_224: { ...imageNet, parameters: 22_436_432 },
  },
  variants: [{ patch: 4 }, { patch: 8 }],
  // 3,137 tokens of a 224x224 image are traced as quickly as five
  golden: [new URL('../../../test/golden/published-backbones.json', import.meta.url)],
});

const small = { width: 8, depth: 2, heads: 2, patch: 4 };
describeBackbone(vit, { image: [3, 8, 8], images: [[1, 9, 7]], options: small });
describeBackbone(vit, { image: [3, 8, 8], images: [], options: { ...small, distilled: true } });

const byId = (id: string) => visionTransformers.find((backbone) => backbone.id === id)!;

test('the tiny distilled model has taps of tokens, and of maps without the special ones', () => {
  const traced = traceBackbone(byId('deit_tiny_distilled_patch16_224'), {
    image: [1, 3, 224, 224],
    classes: 1000,
  });
  expect(tapShapes(traced)).toEqual({
    stem: [192, 14, 14],
    stage1: [192, 14, 14],
    'stage1.preact': [192, 14, 14],
    stage2: [192, 14, 14],
    'stage2.preact': [192, 14, 14],
    stage3: [192, 14, 14],
    'stage3.preact': [192, 14, 14],
    stage4: [192, 14, 14],
    'stage4.preact': [192, 14, 14],
    tokens: [198, 192],
    'last-map': [192, 14, 14],
    'class-token': [192],
    'distillation-token': [192],
    embedding: [384],
    'distillation-logits': [1000],
    logits: [1000],
  });
  expect(traced.trace.layers.get('blocks.3')!.shape).toEqual([1, 198, 192]);
});

test.each([
  [[3, 32, 32], 4, 8 * 8 + 1],
  [[3, 64, 64], 8, 8 * 8 + 1],
  [[1, 28, 28], 4, 7 * 7 + 1],
  [[1, 28, 28], 16, 2 * 2 + 1],
])('an image of %j in patches of %i is %i tokens', (image, patch, tokens) => {
  const { trace } = traceBackbone(byId('deit_tiny_patch16_224'), {
    image: [1, ...image],
    classes: 10,
    options: { patch, dropout: 0, dropPath: 0 },
  });
  expect(trace.variables.get('pos_embed')!.tensor.shape).toEqual([1, tokens, 192]);
});

describe('the head of the distillation token', () => {
  const reads = (mode: 'train' | 'eval') => {
    const { logits, taps } = traceBackbone(byId('deit_tiny_distilled_patch16_224'), {
      image: [1, 3, 32, 32],
      classes: 10,
      mode,
    });
    return { logits, distillation: taps.get('distillation-logits')! };
  };

  test('has half a say in evaluation and none in training', () => {
    const trained = reads('train');
    expect(trained.logits.scope).toBe('head');
    expect(trained.distillation.scope).toBe('head_dist');
    const { logits, distillation } = reads('eval');
    expect(logits.operation.name).toBe('mul');
    expect(logits.inputs[0]!.inputs).toContain(distillation);
  });
});

describe("options of 'vit'", () => {
  test('that are not given are the published ones', () => {
    const options = completeOptions(vit, { width: 192, depth: 12, heads: 3 });
    expect(options).toEqual({
      width: 192,
      depth: 12,
      heads: 3,
      distilled: false,
      patch: 16,
      dropout: 0,
      dropPath: 0,
    });
  });

  test('heads that do not divide the width are refused', () => {
    expect(() => completeOptions(vit, { width: 10, depth: 1, heads: 3 })).toThrow(
      'heads: expected a divisor of `width`',
    );
  });
});

test('layers start as published', () => {
  const { variables } = traceBackbone(byId('deit_tiny_distilled_patch16_224'), {
    image: [1, 3, 32, 32],
    classes: 10,
  }).trace;
  const initializer = (name: string) => variables.get(name)!.initializer.name;
  expect(initializer('pos_embed')).toBe('normal(0.02)');
  expect(initializer('blocks.11.mlp.fc2.weight')).toBe('normal(0.02)');
  expect(initializer('blocks.0.attn.qkv.bias')).toBe('constant(0)');
  expect(initializer('head_dist.weight')).toBe('normal(0.02)');
  expect(initializer('patch_embed.proj.weight')).toBe('torch-default');
});

describe('what training drops', () => {
  const masks = (rates: { dropout: number; dropPath: number }, mode: 'train' | 'eval' = 'train') => {
    const { logits } = traceBackbone(vit, {
      image: [4, 3, 8, 8],
      classes: 2,
      mode,
      options: { ...small, depth: 3, distilled: false, ...rates },
    });
    return nodesOf(program({ name: 'p', outputs: { logits } })).filter(
      ({ operation }) => operation.name === 'randomInteger',
    );
  };

  test('is nothing by default', () => {
    expect(masks({ dropout: 0, dropPath: 0 })).toEqual([]);
    expect(masks({ dropout: 0.1, dropPath: 0.1 }, 'eval')).toEqual([]);
  });

  test('are elements behind the positions and behind linear layers', () => {
    const found = masks({ dropout: 0.1, dropPath: 0 });
    expect(found.map(({ scope }) => scope)).toEqual([
      'pos_drop',
      ...[0, 1, 2].flatMap((i) =>
        ['attn.proj_drop', 'mlp.drop1', 'mlp.drop2'].map((name) => `blocks.${i}.${name}`),
      ),
    ]);
    expect(found[0]!.shape).toEqual([4, 5, 8]);
  });

  test('are branches of samples, in every block but the first', () => {
    const found = masks({ dropout: 0, dropPath: 0.1 });
    expect(found.map(({ scope, shape }) => [scope, shape])).toEqual(
      [1, 2].flatMap((i) => [1, 2].map((branch) => [`blocks.${i}.drop_path${branch}`, [4, 1, 1]])),
    );
  });
});
