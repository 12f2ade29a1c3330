import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { LimbeckError, type Recipe } from '@limbeck/core';
import { canonicalJson } from '@limbeck/core/host';
import { readRegularText, writeAtomically } from '@limbeck/trainer';

/** Names of what the folder of a reproduction holds besides run folders. */
export const recipeFiles = {
  /** What is reproduced, and how. */
  record: 'recipe.json',
  student: 'student.config.json',
  teacherConfig: 'teacher.config.json',
  /** Run folder of a teacher that is trained. */
  teacher: 'teacher',
  /** The table. */
  table: 'reproduction.json',
} as const;

/** What a reproduction was begun with; the same command must say the same. */
export interface ReproductionRecord {
  readonly recipe: Recipe;
  readonly scale: number;
  /** Changes of the configuration by the command line. */
  readonly set: readonly string[];
  /** Plugins that the configuration of the working directory lists, which the runs need too. */
  readonly plugins?: readonly string[];
  /** File of the teacher's weights that was given; absent where it is trained, or there is none. */
  readonly teacher?: string;
}

/** The record of a folder; nothing where none has begun in it. @throws LimbeckError BAD_FILE */
export function readRecord(folder: string): ReproductionRecord | undefined {
  const file = path.join(folder, recipeFiles.record);
  return existsSync(file) ? readJson<ReproductionRecord>(file) : undefined;
}

/** @throws LimbeckError BAD_FILE */
export function readJson<T>(file: string): T {
  try {
    return JSON.parse(readRegularText(file)) as T;
  } catch (cause) {
    throw new LimbeckError('BAD_FILE', `cannot read ${file}: ${(cause as Error).message}`, {
      hint: 'restore the file, or choose another folder with --out',
      details: { path: file },
      cause,
    });
  }
}

/**
 * Begins a reproduction in a folder, or makes sure that it is the one that began there.
 *
 * @throws LimbeckError PRECONDITION where the folder is another recipe's, or was begun otherwise
 */
export function beginIn(folder: string, record: ReproductionRecord): void {
  const before = readRecord(folder);
  if (before === undefined) {
    mkdirSync(folder, { recursive: true });
    writeJson(path.join(folder, recipeFiles.record), record);
    return;
  }
  const changes = differences(before, record);
  if (changes.length === 0) return;
  throw new LimbeckError('PRECONDITION', `${folder} holds another reproduction:\n  ${changes.join('\n  ')}`, {
    hint: 'give the command that began it, or choose another folder with --out',
    details: { folder, changes },
  });
}

function differences(before: ReproductionRecord, now: ReproductionRecord): string[] {
  if (before.recipe.id !== now.recipe.id) return [`recipe: ${before.recipe.id}, now ${now.recipe.id}`];
  const parts = {
    scale: [before.scale, now.scale],
    set: [before.set, now.set],
    teacher: [before.teacher, now.teacher],
    "the student's configuration": [before.recipe.run, now.recipe.run],
    "the teacher's configuration": [before.recipe.teacherRun, now.recipe.teacherRun],
  };
  const text = (value: unknown) => canonicalJson((value ?? null) as never);
  return Object.entries(parts).flatMap(([name, [was, is]]) => {
    const [a, b] = [text(was), text(is)];
    if (a === b) return [];
    return [a.length + b.length < 160 ? `${name}: ${a}, now ${b}` : `${name} has changed`];
  });
}

export const writeJson = (file: string, value: unknown): void =>
  writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
