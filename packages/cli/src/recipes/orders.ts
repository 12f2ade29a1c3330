import path from 'node:path';
import { LimbeckError, type PlainRun, type Recipe } from '@limbeck/core';
import { changed, openConfig } from '../config/open-config.js';
import { type Standing, standingOf } from '../tune/standing.js';
import { seedsOf, studentConfig, teacherConfig } from './configure.js';
import { type ReproductionRecord, recipeFiles, writeJson } from './record.js';
import { folderOfSeed } from './result.js';

/** A run of a reproduction, and how far it has come. */
export interface RecipeOrder {
  readonly label: string;
  /** Run folder, absolute. */
  readonly folder: string;
  /** Its configuration file, absolute. */
  readonly config: string;
  readonly set: readonly string[];
  readonly standing: Standing;
}

/** What a reproduction trains, and with which teacher. */
export interface RecipeOrders {
  /** Absent where a teacher was given, or none is needed. */
  readonly teacher?: RecipeOrder;
  /** File of the teacher's weights; absent where there is no teacher. */
  readonly weights?: string;
  readonly students: readonly RecipeOrder[];
}

/**
 * Writes the configurations of a reproduction into its folder, and looks how far each run has come.
 *
 * @param folder absolute
 * @throws LimbeckError NOT_FOUND where a teacher must be brought; PRECONDITION where a run folder is another configuration's
 */
export async function orderRuns(
  folder: string,
  { recipe, scale, set, teacher, plugins = [] }: ReproductionRecord,
  { data, seeds, cwd }: { readonly data?: string; readonly seeds: number; readonly cwd: string },
): Promise<RecipeOrders> {
  const changes = { scale, ...(data === undefined ? {} : { data: path.resolve(cwd, data) }) };
  const needsTeacher = recipe.run?.teacher !== undefined;
  const own = teacherConfig(recipe, changes);
  if (needsTeacher && teacher === undefined && own === undefined) throw noTeacher(recipe);
  const trained = path.join(folder, recipeFiles.teacher);
  const weights = needsTeacher ? (teacher ?? path.join(trained, 'student.safetensors')) : undefined;
  const files = {
    student: path.join(folder, recipeFiles.student),
    teacher: path.join(folder, recipeFiles.teacherConfig),
  };
  const withPlugins = (run: PlainRun) => (plugins.length === 0 ? run : { plugins: [...plugins], ...run });
  writeJson(files.student, withPlugins(studentConfig(recipe, changes, weights)));
  if (own !== undefined) writeJson(files.teacher, withPlugins(own));
  const order = async (label: string, run: string, config: string, more: readonly string[]) => {
    const all = [...set, ...more];
    const opened = await openConfig({ config, set }, cwd);
    const standing = standingOf(run, changed(opened, more, cwd).config);
    return { label, folder: run, config, set: all, standing };
  };
  const [first] = recipe.seeds;
  const students: RecipeOrder[] = [];
  for (const seed of seedsOf(recipe, seeds)) {
    students.push(
      await order(`seed ${seed}`, folderOfSeed(folder, seed), files.student, [`train.seed=${seed}`]),
    );
  }
  if (own === undefined || teacher !== undefined)
    return { ...(weights === undefined ? {} : { weights }), students };
  return {
    teacher: await order(`teacher ${recipe.teacher}`, trained, files.teacher, [`train.seed=${first}`]),
    weights: weights!,
    students,
  };
}

function noTeacher({ id, teacher, data }: Recipe): LimbeckError {
  return new LimbeckError(
    'NOT_FOUND',
    `recipe '${id}' needs ${teacher} trained on ${data}, and nothing here trains it`,
    {
      hint: `bring it: --teacher FILE.onnx, with outputs named 'logits' and 'embedding'`,
      details: { id, teacher },
    },
  );
}
