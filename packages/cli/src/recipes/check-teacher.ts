import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LimbeckError, type Recipe } from '@limbeck/core';
import type { Io } from '../io.js';
import { surroundings, work } from '../worker/work.js';
import { readJson, recipeFiles, writeJson } from './record.js';

/** A teacher may be so many points off its published accuracy, either way, without a word. */
export const teacherTolerance = 1;

/** What is kept of a teacher's measurement. */
interface MeasuredTeacher {
  readonly sha256: string;
  /** Percent. */
  readonly top1: number;
}

const fileName = 'teacher.json';

/**
 * Measures the teacher of a recipe, and refuses one that is far from the published.
 *
 * @param file of its weights
 * @param folder of the reproduction, with the teacher's configuration
 * @param accepted whether the run goes on all the same
 * @throws LimbeckError PRECONDITION with both figures; NOT_FOUND
 */
export async function checkTeacher(
  io: Io,
  { id, teacher, teacherTop1 }: Recipe,
  {
    file,
    folder,
    set,
    accepted,
  }: {
    readonly file: string;
    readonly folder: string;
    readonly set: readonly string[];
    readonly accepted: boolean;
  },
): Promise<void> {
  if (!existsSync(file)) {
    throw new LimbeckError('NOT_FOUND', `there are no weights of the teacher in ${file}`, {
      hint: 'name the file with --teacher, or leave it out to train the teacher first',
      details: { path: file },
    });
  }
  const config = path.join(folder, recipeFiles.teacherConfig);
  if (teacherTop1 === undefined || !existsSync(config)) return;
  const top1 = await measured(io, { file, folder, config, set });
  const off = top1 - teacherTop1;
  if (Math.abs(off) <= teacherTolerance || accepted) return;
  throw new LimbeckError(
    'PRECONDITION',
    `the teacher in ${file} has ${top1.toFixed(2)} % on the test images, ${Math.abs(off).toFixed(2)} points ${off < 0 ? 'below' : 'above'} the published ${teacherTop1.toFixed(2)} % of ${teacher}`,
    {
      hint: 'bring other weights, or say --accept-teacher to go on with these: the table will show both figures',
      details: { id, file, top1, published: teacherTop1 },
    },
  );
}

async function measured(
  io: Io,
  {
    file,
    folder,
    config,
    set,
  }: {
    readonly file: string;
    readonly folder: string;
    readonly config: string;
    readonly set: readonly string[];
  },
): Promise<number> {
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  const kept = path.join(folder, fileName);
  const before = existsSync(kept) ? readJson<MeasuredTeacher>(kept) : undefined;
  if (before?.sha256 === sha256) return before.top1;
  const { metrics } = await work(
    io,
    'evaluate',
    {
      ...surroundings(io),
      target: config,
      weights: file,
      set: set.filter((one) => !/^(teacher|distiller)/.test(one)),
    },
    () => undefined,
  );
  const top1 = 100 * metrics.top1!;
  writeJson(kept, { sha256, top1 } satisfies MeasuredTeacher);
  return top1;
}
