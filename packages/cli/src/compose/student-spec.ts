import type { Host, ImageShape, ResolvedConfig } from '@limbeck/core';
import type { StudentSpec } from '@limbeck/trainer';
import { findParts } from './parts.js';

/** What a configuration traces a student from, for batches of images of one shape. */
export function studentSpec(
  config: ResolvedConfig,
  host: Host,
  { batch, image, classes }: { batch: number; image: ImageShape; classes: number },
): StudentSpec {
  const { student, teachers, distillers, optimizer, groups } = findParts(config, host);
  return {
    student,
    teachers,
    distillers,
    parts: host,
    optimizer,
    groups,
    taskWeight: config.task.weight,
    image: [batch, ...image],
    classes,
  };
}
