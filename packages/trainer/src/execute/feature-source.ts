import { type Feeds, type Lent, retain } from '@limbeck/core/backend';
import type { TensorData } from '@limbeck/graph';
import type { TeacherFeature } from '../programs/teacher.js';
import type { LiveTeacher } from './live-teacher.js';

/** What a teacher is asked about in one step. */
export interface TeacherBatch {
  /** Images by input of the student's program: `image` [N, C, H, W], and other views of the same samples. */
  readonly images: Feeds;
  /** Which samples of the training split these are, [N]. */
  readonly indices: Int32Array;
  /** Counts from 0; with the sample it decides how an image is augmented. */
  readonly epoch: number;
}

/** Where the features of one teacher come from, step by step: the teacher itself, or a cache of what it said. */
export interface FeatureSource {
  /** Name of the teacher, for messages. */
  readonly teacher?: string;
  /** Inputs of the student's program, by name. */
  features(batch: TeacherBatch): Promise<Lent<Feeds>>;
  /** Frees what it holds itself; a teacher it asks is its owner's. */
  dispose(): Promise<void>;
}

/** Asks the teacher in every step, once for each view of the images. */
export function liveFeatures(teacher: LiveTeacher, features: readonly TeacherFeature[]): FeatureSource {
  const views = [...new Set(features.map(({ image }) => image))];
  return {
    async features({ images }) {
      const feeds: Record<string, TensorData> = {};
      for (const [i, view] of views.entries()) {
        const fetches = await teacher.run(images[view]!);
        // the answers to the last two views stay as they are, and need no copy
        const isKept = i >= views.length - 2;
        for (const { path, image, input } of features) {
          if (image === view) feeds[input] = isKept ? fetches[path]! : retain(fetches[path]!);
        }
      }
      return feeds;
    },
    dispose: async () => undefined,
  };
}
