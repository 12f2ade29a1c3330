import type { Executable, Fetches } from '@limbeck/core/backend';
import type { TensorData } from '@limbeck/graph';
import { type Classifier, withLogits } from './classifier.js';

/** A teacher that computes: a compiled backbone, or a model from a file. */
export interface LiveTeacher {
  /** Images a call: N. */
  readonly batchSize: number;
  /** The features it gives: tap names and layer paths. */
  readonly paths: ReadonlySet<string>;
  /** Images [N, C, H, W] as the data set normalises them -> its features by path. */
  run(image: TensorData): Promise<Fetches>;
  dispose(): Promise<void>;
}

/** A compiled program of a teacher as a teacher. */
export function compiledTeacher(executable: Executable, batchSize: number): LiveTeacher {
  return {
    batchSize,
    paths: new Set(executable.signature.outputs.keys()),
    run: (image) => executable.step({ image }),
    dispose: () => executable.dispose(),
  };
}

/** A teacher that gives its `logits`, as a classifier. */
export const teacherClassifier = (teacher: LiveTeacher): Classifier => ({
  batchSize: teacher.batchSize,
  run: async (images) => withLogits(await teacher.run(images), 'the teacher'),
});
