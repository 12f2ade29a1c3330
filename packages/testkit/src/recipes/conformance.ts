import { isLimbeckError, type Kind, type Recipe, type UseObject } from '@limbeck/core';
import {
  distillersOf,
  type Host,
  isFileTeacher,
  placedUse,
  type ResolvedConfig,
  recipeProblems,
  resolveConfig,
  teachersOf,
} from '@limbeck/core/host';

/**
 * What is wrong with a recipe, a phrase each; none where it is whole. Values must have sources, its configurations must be complete, and
 * all they name must be there, with options that fit. Nothing is opened or traced.
 *
 * @param host with the plugins that the recipe's configurations name
 */
export function recipeConformance(recipe: Recipe, host: Pick<Host, 'use'>): string[] {
  const { run, teacherRun } = recipe;
  const withWeights = run?.teacher === undefined ? run : { ...run, teacher: brought(run.teacher as object) };
  return [
    ...recipeProblems(recipe),
    ...(withWeights === undefined ? [] : configProblems('run', withWeights, host)),
    ...(teacherRun === undefined ? [] : configProblems('teacherRun', teacherRun, host)),
  ];
}

/** A teacher with the file that whoever runs the recipe brings. */
const brought = (teacher: object) => ({
  ...teacher,
  ...('use' in teacher ? { weights: 'teacher.safetensors' } : { onnx: 'teacher.onnx' }),
});

function configProblems(name: string, value: object, host: Pick<Host, 'use'>): string[] {
  try {
    const { config } = resolveConfig([{ source: name, value: value as Readonly<Record<string, unknown>> }]);
    return uses(config).flatMap(([kind, path, use, index]) => {
      try {
        const placed = placedUse(path, use, index);
        host.use(kind, placed.use, placed);
        return [];
      } catch (error) {
        return [`${name}: ${problemOf(error)}`];
      }
    });
  } catch (error) {
    return [`${name}: ${problemOf(error)}`];
  }
}

type Named = readonly [kind: Kind, path: Parameters<typeof placedUse>[0], use: UseObject, index?: number];

/** Everything that the configuration of a recipe may name. */
function uses(config: ResolvedConfig): Named[] {
  const { data, student, task, train } = config;
  const several = Array.isArray(config.distiller);
  return [
    ['datasets', 'data', data],
    ...data.augment.map((use, i): Named => ['augmentations', 'data.augment.*', use, i]),
    ...data.evaluation.map((use, i): Named => ['augmentations', 'data.evaluation.*', use, i]),
    ['backbones', 'student', student],
    ...teachersOf(config)
      .filter((teacher) => !isFileTeacher(teacher))
      .map((use): Named => ['backbones', 'teacher', use as unknown as UseObject]),
    ...distillersOf(config).map(
      (use, i): Named => ['distillers', several ? 'distiller.*' : 'distiller', use, i],
    ),
    ['tasks', 'task', task],
    ['optimizers', 'train.optimizer', train.optimizer],
    ...train.transforms.map((use, i): Named => ['gradientTransforms', 'train.transforms.*', use, i]),
    ['schedules', 'train.schedule', train.schedule],
    ...train.evaluate.metrics.map((use, i): Named => ['metrics', 'train.evaluate.metrics.*', use, i]),
  ];
}

const problemOf = (error: unknown): string => {
  if (!isLimbeckError(error)) throw error;
  return error.message;
};
