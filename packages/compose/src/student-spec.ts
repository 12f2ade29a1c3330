import { type Host, type ResolvedConfig, trainSettings } from '@limbeck/core/host';
import type { StudentSpec } from '@limbeck/trainer';
import { findParts } from './find-parts.js';
import { openTeachers, type TeachingData } from './teachers.js';

/** What a configuration traces a student from, for batches of images of some data; no weights are read. */
export async function studentSpec(
  config: ResolvedConfig,
  host: Host,
  data: { readonly batchSize: number; readonly dataset: StudentSpec['data']['dataset'] & TeachingData },
): Promise<StudentSpec> {
  const parts = findParts(config, host);
  const { dataset: _, augment: __, ...found } = parts;
  return {
    ...found,
    ...trainSettings(config),
    data,
    teachers: await openTeachers(config, parts, data.dataset, host),
  };
}
