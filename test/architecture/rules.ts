/** Who may know whom. `architecture.test.ts` keeps these rules; change the design before changing a line here. */

const foundation = ['@limbeck/graph', '@limbeck/nn', '@limbeck/core', '@limbeck/formats'];

/**
 * The arrows between our packages: a package's folder, or `plugins/*` for every plugin, to what it may import. A package that is
 * not listed may import none of ours.
 */
export const arrows: Record<string, readonly string[] | 'anything'> = {
  'packages/graph': [],
  'packages/nn': ['@limbeck/graph'],
  'packages/core': ['@limbeck/graph', '@limbeck/nn'],
  'packages/formats': ['@limbeck/graph'],
  'packages/data': ['@limbeck/graph', '@limbeck/nn', '@limbeck/core'],
  'packages/trainer': [...foundation, '@limbeck/data'],
  'packages/compose': [...foundation, '@limbeck/data', '@limbeck/trainer'],
  'packages/testkit': [...foundation, '@limbeck/data', '@limbeck/trainer'],
  'packages/fuzz': 'anything',
  'packages/golden': 'anything',
  'packages/cli': 'anything',
  'packages/bench': 'anything',
  'plugins/*': foundation,
};

/**
 * The layers inside a package, which look one way: a folder of its sources to the folders it may import. The tests beside a
 * layer may also import `testing`, `standard` and `tasks`. Folders that are not listed, and files in none, see everything; no layer
 * may import them.
 */
export const layers: Record<string, Readonly<Record<string, readonly string[]>>> = {
  'packages/trainer': {
    files: [],
    analysis: [],
    tasks: [],
    standard: ['analysis', 'tasks'],
    run: ['files'],
    programs: ['run', 'tasks'],
    weights: ['files', 'run', 'programs'],
    inspect: ['analysis', 'run', 'programs'],
    execute: ['files', 'analysis', 'run', 'programs'],
    store: ['files', 'run'],
    evaluate: ['analysis', 'run', 'programs', 'execute'],
    train: [
      ...['files', 'analysis', 'run', 'programs', 'weights', 'inspect', 'execute'],
      ...['store', 'evaluate'],
    ],
    measure: ['analysis', 'run', 'programs', 'execute', 'evaluate', 'train'],
  },
};

/** What the tests beside a layer may import as well. */
export const testLayers = ['testing', 'standard', 'tasks'];

/** What the tests beside a package's code may import as well. */
export const testArrows = ['@limbeck/testkit', 'vitest', 'fast-check'];

/** Third-party packages that belong to one place; a name ending in `*` stands for all that begin so. */
export const owners: readonly { module: string; owner: string }[] = [
  { module: '@tensorflow/*', owner: 'plugins/backend-*' },
  { module: 'onnxruntime-*', owner: 'plugins/backend-*' },
  { module: 'inversify', owner: 'packages/core' },
  { module: '@inversifyjs/*', owner: 'packages/core' },
  { module: 'reflect-metadata', owner: 'packages/core' },
  { module: 'cosmiconfig', owner: 'packages/cli' },
];

/** Packages that must run in a browser too: no built-in of Node. Their tests may use them. */
export const portable = [
  'packages/graph',
  'packages/nn',
  'packages/core',
  'plugins/backbone-*',
  'plugins/distill-*',
  'plugins/projectors',
];

/** Lines in one file of source. */
export const longestFile = 500;

/** Names that say nothing about what is inside. */
export const emptyNames = ['utils', 'util', 'helpers', 'helper', 'misc', 'common', 'shared'];

/** Whether a name matches a pattern with at most one `*`, at its end. */
export function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
