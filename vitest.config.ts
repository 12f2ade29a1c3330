import { defineConfig } from 'vitest/config';

/** Tests read the packages' sources (condition `@limbeck/source`), so they need no build. */
const conditions = ['@limbeck/source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'plugins/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**', 'plugins/*/src/**'],
      exclude: ['**/*.test.ts'],
    },
  },
});
