import { type ResolvedConfig, teachersOf, type WeightsChoice, weightsOf } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import { bindState, type Program } from '@limbeck/graph';
import { loadWeights, type ModelChoice, TracedTeacher, teacherPrefix } from '@limbeck/trainer';
import type { RunParts } from './find-parts.js';
import { readChosen } from './read-chosen.js';

/** A backbone as teacher; nobody can count the operations of a model from a file. */
export interface BackboneTeacher {
  readonly name: string;
  readonly model: ModelChoice;
  readonly weights: WeightsChoice;
}

/** The teachers of a configuration that are backbones, in order. */
export const backboneTeachers = (config: ResolvedConfig, { teachers }: RunParts): BackboneTeacher[] =>
  teachersOf(config).flatMap((teacher, i) => {
    const { model } = teachers[i]!;
    const weights = weightsOf(teacher);
    return model === undefined || weights === undefined ? [] : [{ name: teacher.name, model, weights }];
  });

/**
 * A teacher as a program image -> logits, its weights as constants.
 *
 * @returns that program for batches of any size
 * @throws LimbeckError WEIGHTS_MISMATCH where the file is another model's
 */
export function boundTeacher(
  { model, weights: chosen }: BackboneTeacher,
  { imageShape, classes }: Pick<RunDataset, 'imageShape' | 'classes'>,
): (batch: number) => Program {
  const weights = readChosen({ weights: chosen });
  return (batch) => {
    const teacher = new TracedTeacher(model, {
      prefix: teacherPrefix,
      image: [batch, ...imageShape],
      classes,
    });
    const { namings } = model.backbone;
    const target = { role: `teacher '${teacher.id}'`, classes, namings };
    const state = loadWeights(teacher.variables.values(), weights, target);
    return bindState(teacher.program(['logits']), state);
  };
}
