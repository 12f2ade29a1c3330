import type { ComputeBackend } from '@limbeck/core/backend';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherCacheSpec, TeacherSpec } from '../run/teacher-spec.js';
import { toyDataset } from './toy-data.js';
import { toySpec } from './toy-run.js';

/** What differs from {@link cachedSpec}. */
export interface SpecChanges extends Partial<Omit<RunSpec, 'data' | 'teachers'>> {
  readonly data?: Partial<RunSpec['data']>;
  readonly teacher?: Partial<TeacherSpec>;
}

/**
 * Five epochs on 27 images in batches of 8, so that an epoch leaves three out.
 *
 * @param cache of the teacher, over two draws in float32 unless it says otherwise; undefined for none
 */
export function cachedSpec(
  backend: ComputeBackend,
  cache: (Partial<TeacherCacheSpec> & { readonly dir: string }) | undefined,
  { data, teacher, ...changes }: SpecChanges = {},
): RunSpec {
  const toy = toySpec(backend, { epochs: 5, ...changes });
  return {
    ...toy,
    data: { ...toy.data, dataset: toyDataset({ train: 27 }), ...data },
    teachers: toy.teachers.map((one) => ({
      ...one,
      ...(cache === undefined
        ? {}
        : { cache: { dtype: 'float32' as const, logits: {}, views: 2, ...cache } }),
      ...teacher,
    })),
  };
}
