import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dataFolder, findParts, openData, type Surroundings } from '@limbeck/compose';
import { type Host, isFileTeacher, type ResolvedConfig, teachersOf } from '@limbeck/core/host';
import { writeSafetensors } from '@limbeck/formats';
import { initialState } from '@limbeck/nn';
import { TracedTeacher, writeAtomically } from '@limbeck/trainer';

/** A configuration whose teachers have weights, and what removes these again. */
export interface DrawnTeachers {
  readonly config: ResolvedConfig;
  remove(): void;
}

/**
 * Gives teachers that are yet to be trained drawn weights, in a temporary folder: how long their steps take does not depend on the
 * values.
 *
 * @param isMissing whether the weights in a file are yet to be trained
 */
export async function withDrawnTeachers(
  config: ResolvedConfig,
  host: Host,
  where: Surroundings,
  isMissing: (file: string) => boolean,
): Promise<DrawnTeachers> {
  const teachers = teachersOf(config);
  const missing = teachers.map((teacher) => {
    const file = isFileTeacher(teacher) ? undefined : teacher.weights.file;
    return file !== undefined && isMissing(file);
  });
  if (!missing.includes(true)) return { config, remove: () => undefined };
  const parts = findParts(config, host);
  const { imageShape, classes, loading } = await openData(config, parts, dataFolder(config.data.dir, where));
  await loading?.dispose();
  const folder = mkdtempSync(path.join(tmpdir(), 'limbeck-drawn-'));
  const drawn = teachers.map((teacher, i) => {
    if (!missing[i]) return teacher;
    const shape = { prefix: 'teacher', image: [1, ...imageShape], classes };
    const variables = [...new TracedTeacher(parts.teachers[i]!.model!, shape).variables.values()];
    const values = initialState(variables, 1);
    const named = new Map(variables.map(({ name, stateName }) => [name, values.get(stateName)!]));
    const file = path.join(folder, `teacher-${i}.safetensors`);
    writeAtomically(file, writeSafetensors(named, {}));
    return { ...teacher, weights: { file, strict: true, head: 'load' } };
  });
  const teacher = Array.isArray(config.teacher) ? drawn : drawn[0];
  return {
    config: { ...config, teacher } as ResolvedConfig,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
