import type { Host, ImageShape, ResolvedConfig } from '@limbeck/core';
import type { StudentSpec } from '@limbeck/trainer';
import { findParts } from './parts.js';

/** What a configuration traces a student from, for batches of images of one shape. */
export function studentSpec(
  config: ResolvedConfig,
  host: Host,
  { batch, image, classes, samples }: { batch: number; image: ImageShape; classes: number; samples?: number },
): StudentSpec {
  const { student, teachers, distillers, balance, optimizer, groups } = findParts(config, host);
  return {
    student,
    teachers,
    distillers,
    parts: host,
    optimizer,
    groups,
    taskWeight: config.task.weight,
    ...(balance && { balance }),
    image: [batch, ...image],
    classes,
    ...(samples === undefined ? {} : { samples }),
  };
}
