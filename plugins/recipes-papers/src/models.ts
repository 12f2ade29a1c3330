import type { UseObject } from '@limbeck/core';

/** Backbones by the names that papers use, where they have other ids here. `null`: there is no such backbone. */
const renamed: Readonly<Record<string, Readonly<Record<string, UseObject | null>>>> = {
  cifar100: {
    resnet18: { use: 'ResNet18' },
    wrn_28_4: { use: 'wrn', depth: 28, width: 4 },
    wrn_28_2: { use: 'wrn', depth: 28, width: 2 },
    wrn_16_4: { use: 'wrn', depth: 16, width: 4 },
    pyramidnet200: null,
    pyramidnet110: null,
    swin_tiny: null,
  },
  imagenet: {
    deit_tiny: { use: 'deit_tiny_patch16_224' },
    deit_small: { use: 'deit_small_patch16_224' },
    deit_ti_distilled: { use: 'deit_tiny_distilled_patch16_224' },
    deit_s_distilled: { use: 'deit_small_distilled_patch16_224' },
    resnet50_sb: { use: 'resnet50' },
  },
};

/** Names of models for ImageNet that there are no backbones of here; as teachers they can be brought as ONNX files. */
const foreign = new Set([
  ...['regnety_160', 'beitv2_base', 'beit_l', 'deit3_small', 'deit3_large', 'swin_l', 'swin_large', 'swin_t'],
  ...['convnext_t', 'deit_base', 'efficientnet_b0', 'mixer_b14', 'mixer_b16', 'mixer_s16'],
  ...['vit_b14', 'vit_b16', 'vit_s16'],
]);

/** The backbone of a published name; `undefined` where there is none. */
export function backboneOf(name: string, data: string): UseObject | undefined {
  const known = renamed[data]?.[name];
  if (known !== undefined) return known ?? undefined;
  return foreign.has(name) ? undefined : { use: name };
}

/** Students whose learning rate is a fifth of the others' in RepDistiller and its forks. */
export const isLight = (name: string): boolean => /^(MobileNetV2|ShuffleV1|ShuffleV2)/.test(name);
