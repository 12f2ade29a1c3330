import { type OpenDataset, type ResolvedConfig, type TeacherConfig, teachersOf } from '@limbeck/core';
import { bindState, type Program } from '@limbeck/graph';
import {
  loadWeights,
  type ModelChoice,
  readWeightsFile,
  TracedTeacher,
  teacherPrefix,
} from '@limbeck/trainer';
import type { RunParts } from './find-parts.js';

/** A backbone as teacher; nobody can count the operations of a model from a file. */
export interface BackboneTeacher {
  readonly name: string;
  readonly model: ModelChoice;
  /** File. */
  readonly weights: string;
  readonly rename: TeacherConfig['rename'];
}

/** The teachers of a configuration that are backbones, in order. */
export const backboneTeachers = (config: ResolvedConfig, { teachers }: RunParts): BackboneTeacher[] =>
  teachersOf(config).flatMap(({ name, weights, rename }, i) => {
    const { model } = teachers[i]!;
    return model === undefined || weights === undefined ? [] : [{ name, model, weights, rename }];
  });

/**
 * A teacher as a program image -> logits, its weights as constants.
 *
 * @returns that program for batches of any size
 * @throws LimbeckError WEIGHTS_MISMATCH where the file is another model's
 */
export function boundTeacher(
  { model, weights: file, rename }: BackboneTeacher,
  { imageShape, classes }: Pick<OpenDataset, 'imageShape' | 'classes'>,
): (batch: number) => Program {
  const weights = readWeightsFile(file, { rename });
  return (batch) => {
    const teacher = new TracedTeacher(model, {
      prefix: teacherPrefix,
      image: [batch, ...imageShape],
      classes,
    });
    const target = { role: `teacher '${teacher.id}'`, classes };
    const state = loadWeights(teacher.variables.values(), weights, target);
    return bindState(teacher.program(['logits']), state);
  };
}
