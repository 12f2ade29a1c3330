import { configDefaults, defineConfig } from 'vitest/config';

/** Tests read the packages' sources (condition `@limbeck/source`), so they need no build. */
const conditions = ['@limbeck/source', 'node', 'import', 'default'];

/** Real runtimes compute, or are compared with the reference. */
const backends = [
  'plugins/backend-*/src/**/*.test.ts',
  'packages/{golden,testkit}/src/**/*.test.ts',
  'test/onnx-teacher/**/*.test.ts',
  'test/{differential,distillers,exported-models,followed-metrics,golden-losses,int8-*,nearest-resizing,optimizers,profile,projector-ensemble,random-numbers,trajectory}.test.ts',
];

/** Whole runs, as a user starts them: commands, processes that are killed, examples and guides. */
const endToEnd = [
  'packages/{bench,cli,compose}/src/**/*.test.ts',
  'packages/trainer/src/train/**/*.test.ts',
  'test/end-to-end/**/*.test.ts',
  'test/{bootstrap,browser,examples,guides}.test.ts',
];

const project = (
  name: string,
  include: string[],
  { exclude = [], ...more }: { exclude?: string[]; testTimeout?: number; isolate?: boolean } = {},
) => ({
  extends: true as const,
  test: { name, include, exclude: [...configDefaults.exclude, ...exclude], ...more },
});

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    // every core computes; the default leaves one to the reporter
    maxWorkers: '100%',
    testTimeout: 20_000,
    // hooks of end-to-end tests train several runs
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**', 'plugins/*/src/**'],
      exclude: ['**/*.test.ts'],
    },
    projects: [
      project('unit', ['packages/*/src/**/*.test.ts', 'plugins/*/src/**/*.test.ts', 'test/**/*.test.ts'], {
        exclude: [...backends, ...endToEnd],
        // imports are most of the tier's time; one process keeps them for all files
        isolate: false,
      }),
      project('backends', backends),
      project('end-to-end', endToEnd, { testTimeout: 60_000 }),
    ],
  },
});
