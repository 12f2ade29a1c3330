import backboneMobilenet from '@limbeck/backbone-mobilenet';
import backboneResnet from '@limbeck/backbone-resnet';
import backboneShufflenet from '@limbeck/backbone-shufflenet';
import backboneVgg from '@limbeck/backbone-vgg';
import backboneWrn from '@limbeck/backbone-wrn';
import { createHost, type Host } from '@limbeck/core';
import distillLogit from '@limbeck/distill-logit';
import distillProjectorEnsemble from '@limbeck/distill-projector-ensemble';
import projectors from '@limbeck/projectors';
import { standardTraining } from '@limbeck/trainer';

/** The plugins golden cases need, through the same door as everybody's. */
export function createGoldenHost(): Promise<Host> {
  const backbones = [backboneResnet, backboneWrn, backboneVgg, backboneMobilenet, backboneShufflenet];
  const plugins = [...backbones, projectors, distillLogit, distillProjectorEnsemble, standardTraining];
  return createHost({ plugins: plugins.map((plugin) => ({ plugin, origin: 'bundled' })) });
}
