import type { Host, ResolvedConfig } from '@limbeck/core';
import type { StudentSpec } from '@limbeck/trainer';
import { findParts } from './parts.js';
import { openTeachers, type TeachingData } from './teachers.js';

/** What a configuration traces a student from, for batches of images of some data. */
export async function studentSpec(
  config: ResolvedConfig,
  host: Host,
  { batch, data, samples }: { batch: number; data: TeachingData; samples?: number },
): Promise<StudentSpec> {
  const parts = findParts(config, host);
  const { student, distillers, balance, optimizer, groups } = parts;
  return {
    student,
    teachers: await openTeachers(config, parts, data, host),
    distillers,
    parts: host,
    optimizer,
    groups,
    taskWeight: config.task.weight,
    balance,
    image: [batch, ...data.imageShape],
    classes: data.classes,
    samples,
  };
}
