import type { PluginEntry } from '@limbeck/core/host';
import { manifestOf } from './manifest.js';

/** The packages whose plugins are always there. They come through the same door as everybody's. */
export const standardPackages = [
  '@limbeck/backend-onnx',
  '@limbeck/backend-tfjs',
  '@limbeck/backbone-resnet',
  '@limbeck/backbone-wrn',
  '@limbeck/backbone-vgg',
  '@limbeck/backbone-mobilenet',
  '@limbeck/backbone-shufflenet',
  '@limbeck/backbone-densenet',
  '@limbeck/backbone-vit',
  '@limbeck/projectors',
  '@limbeck/distill-logit',
  '@limbeck/distill-feature',
  '@limbeck/distill-relation',
  '@limbeck/distill-contrastive',
  '@limbeck/distill-projector',
  '@limbeck/distill-projector-ensemble',
  '@limbeck/distill-classifier-sharing',
  '@limbeck/datasets-vision',
  '@limbeck/datasets-files',
  '@limbeck/recipes-papers',
  '@limbeck/trainer',
] as const;

const modules: {
  readonly [K in (typeof standardPackages)[number]]: () => Promise<{ readonly default: unknown }>;
} = {
  '@limbeck/backend-onnx': () => import('@limbeck/backend-onnx'),
  '@limbeck/backend-tfjs': () => import('@limbeck/backend-tfjs'),
  '@limbeck/backbone-resnet': () => import('@limbeck/backbone-resnet'),
  '@limbeck/backbone-wrn': () => import('@limbeck/backbone-wrn'),
  '@limbeck/backbone-vgg': () => import('@limbeck/backbone-vgg'),
  '@limbeck/backbone-mobilenet': () => import('@limbeck/backbone-mobilenet'),
  '@limbeck/backbone-shufflenet': () => import('@limbeck/backbone-shufflenet'),
  '@limbeck/backbone-densenet': () => import('@limbeck/backbone-densenet'),
  '@limbeck/backbone-vit': () => import('@limbeck/backbone-vit'),
  '@limbeck/projectors': () => import('@limbeck/projectors'),
  '@limbeck/distill-logit': () => import('@limbeck/distill-logit'),
  '@limbeck/distill-feature': () => import('@limbeck/distill-feature'),
  '@limbeck/distill-relation': () => import('@limbeck/distill-relation'),
  '@limbeck/distill-contrastive': () => import('@limbeck/distill-contrastive'),
  '@limbeck/distill-projector': () => import('@limbeck/distill-projector'),
  '@limbeck/distill-projector-ensemble': () => import('@limbeck/distill-projector-ensemble'),
  '@limbeck/distill-classifier-sharing': () => import('@limbeck/distill-classifier-sharing'),
  '@limbeck/datasets-vision': () => import('@limbeck/datasets-vision'),
  '@limbeck/datasets-files': () => import('@limbeck/datasets-files'),
  '@limbeck/recipes-papers': () => import('@limbeck/recipes-papers'),
  '@limbeck/trainer': () =>
    import('@limbeck/trainer').then(({ standardTraining }) => ({ default: standardTraining })),
};

/** Imports the plugins every host starts with. */
export async function standardPlugins(): Promise<PluginEntry[]> {
  const packaged = standardPackages.map(async (origin) => {
    const [{ default: plugin }, manifest] = await Promise.all([modules[origin](), manifestOf(origin)]);
    return { plugin, origin, version: manifest?.version };
  });
  return Promise.all(packaged);
}
