import backboneResnet from '@limbeck/backbone-resnet';
import { createHost, type Host } from '@limbeck/core';
import distillLogit from '@limbeck/distill-logit';
import distillProjectorEnsemble from '@limbeck/distill-projector-ensemble';
import projectors from '@limbeck/projectors';
import { standardTraining } from '@limbeck/trainer';

/** The plugins golden cases need, through the same door as everybody's. */
export function createGoldenHost(): Promise<Host> {
  const plugins = [backboneResnet, projectors, distillLogit, distillProjectorEnsemble, standardTraining];
  return createHost({ plugins: plugins.map((plugin) => ({ plugin, origin: 'bundled' })) });
}
