import backboneMobilenet from '@limbeck/backbone-mobilenet';
import backboneResnet from '@limbeck/backbone-resnet';
import backboneShufflenet from '@limbeck/backbone-shufflenet';
import backboneVgg from '@limbeck/backbone-vgg';
import backboneVit from '@limbeck/backbone-vit';
import backboneWrn from '@limbeck/backbone-wrn';
import datasetsVision from '@limbeck/datasets-vision';
import classifierSharing from '@limbeck/distill-classifier-sharing';
import distillContrastive from '@limbeck/distill-contrastive';
import distillFeature from '@limbeck/distill-feature';
import distillLogit from '@limbeck/distill-logit';
import distillProjector from '@limbeck/distill-projector';
import projectorEnsemble from '@limbeck/distill-projector-ensemble';
import distillRelation from '@limbeck/distill-relation';
import projectors from '@limbeck/projectors';
import { readRecipes } from '@limbeck/recipes-papers';
import { describeRecipes } from '@limbeck/testkit/vitest';
import { standardTraining } from '@limbeck/trainer';

const plugins = [
  ...[backboneMobilenet, backboneResnet, backboneShufflenet, backboneVgg, backboneVit, backboneWrn],
  ...[distillContrastive, distillFeature, distillLogit, distillProjector, distillRelation],
  ...[classifierSharing, projectorEnsemble, projectors, datasetsVision, standardTraining],
].map((plugin) => ({ plugin, origin: plugin.name }));

describeRecipes(readRecipes(), plugins);
