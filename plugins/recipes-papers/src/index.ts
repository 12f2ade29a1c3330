import { definePlugin, type Recipe } from '@limbeck/core';
import { recipeOf } from './recipe-of.js';
import { readRows } from './rows.js';
import { shortenedRecipes } from './shortened.js';

/** Every recipe of this package: what papers published, in the order of methods, and our shortened ones. */
export function readRecipes(): Recipe[] {
  const files = readRows();
  const published = files.flatMap((file) => file.rows.map((row) => recipeOf(file, row)));
  return [...published, ...shortenedRecipes(files)];
}

/** Rows of papers' tables, each with its whole protocol and its sources. */
export default definePlugin({
  name: '@limbeck/recipes-papers',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.recipes.add(...readRecipes());
  },
});
