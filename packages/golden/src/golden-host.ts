import backboneDensenet from '@limbeck/backbone-densenet';
import backboneMobilenet from '@limbeck/backbone-mobilenet';
import backboneResnet from '@limbeck/backbone-resnet';
import backboneShufflenet from '@limbeck/backbone-shufflenet';
import backboneVgg from '@limbeck/backbone-vgg';
import backboneVit from '@limbeck/backbone-vit';
import backboneWrn from '@limbeck/backbone-wrn';
import { createHost, type Host } from '@limbeck/core/host';
import distillClassifierSharing from '@limbeck/distill-classifier-sharing';
import distillFeature from '@limbeck/distill-feature';
import distillLogit from '@limbeck/distill-logit';
import distillProjectorEnsemble from '@limbeck/distill-projector-ensemble';
import distillRelation from '@limbeck/distill-relation';
import projectors from '@limbeck/projectors';
import { standardTraining } from '@limbeck/trainer';

/** The plugins golden cases need, through the same door as everybody's. */
export function createGoldenHost(): Promise<Host> {
  const backbones = [
    backboneResnet,
    backboneWrn,
    backboneVgg,
    backboneMobilenet,
    backboneShufflenet,
    backboneDensenet,
    backboneVit,
  ];
  const distillers = [
    distillLogit,
    distillFeature,
    distillRelation,
    distillProjectorEnsemble,
    distillClassifierSharing,
  ];
  const plugins = [...backbones, projectors, ...distillers, standardTraining];
  return createHost({ plugins: plugins.map((plugin) => ({ plugin, origin: 'bundled' })) });
}
