import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checks } from './architecture/checks.js';
import { longestFile } from './architecture/rules.js';
import { type Manifest, type Package, readWorkspace } from './architecture/workspace.js';

const repository = readWorkspace(fileURLToPath(new URL('..', import.meta.url)));

describe('the repository', () => {
  it('is what was read', () => {
    const folders = repository.map(({ folder }) => folder);
    expect(folders).toEqual(
      expect.arrayContaining(['packages/graph', 'packages/cli', 'plugins/backend-onnx']),
    );
    expect(repository.flatMap(({ files }) => files).length).toBeGreaterThan(folders.length);
  });

  it.each(Object.entries(checks))('%s', (_, check) => {
    expect(check(repository)).toEqual([]);
  });
});

/** A small repository without a breach. */
function clean(): Package[] {
  return [
    plant('packages/graph', {}),
    plant(
      'packages/nn',
      { dependencies: { '@limbeck/graph': '0.1.0', 'pure-rand': '^8.0.0' } },
      "import { prng } from 'pure-rand';",
    ),
    plant(
      'packages/core',
      { dependencies: { '@limbeck/graph': '0.1.0', inversify: '^8.0.0' } },
      "import 'inversify';",
    ),
    plant('packages/trainer', {}, "export * from './train/loop.js';"),
    plant('packages/testkit', { dependencies: { '@limbeck/graph': '0.1.0' } }),
    plant(
      'packages/data',
      { dependencies: { '@limbeck/core': '0.1.0' } },
      "import { readFile } from 'node:fs/promises';",
    ),
    plant('plugins/projectors', { peerDependencies: { '@limbeck/core': '>=0.1.0 <1' } }),
    plant('plugins/distill-logit', { peerDependencies: { '@limbeck/core': '>=0.1.0 <1' } }),
  ];
}

function plant(folder: string, manifest: Partial<Manifest>, text = "export * from './other.js';"): Package {
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  return {
    folder,
    manifest: { name: nameOf(folder), version: '0.1.0', ...manifest },
    references: dependencies
      .filter((name) => name.startsWith('@limbeck/'))
      .map((name) => name.replace('@limbeck', 'packages')),
    files: [
      { path: 'src/index.ts', text },
      { path: 'src/other.ts', text: '' },
    ],
  };
}

const nameOf = (folder: string) => folder.replace(/^[a-z]+/, '@limbeck');

/** The small repository with one package changed. */
function changed(folder: string, change: (one: Package) => Partial<Package>): Package[] {
  return clean().map((one) => (one.folder === folder ? { ...one, ...change(one) } : one));
}

const withFile = (folder: string, path: string, text: string) =>
  changed(folder, ({ files }) => ({ files: [...files, { path, text }] }));

const importing = (folder: string, text: string) => withFile(folder, 'src/planted.ts', text);

const depending = (folder: string, dependencies: Record<string, string>) =>
  changed(folder, ({ manifest }) => ({
    manifest: { ...manifest, dependencies: { ...manifest.dependencies, ...dependencies } },
  }));

const tooLong = 'export {};\n'.repeat(longestFile + 1);

/** A breach, the rules that must notice it, and what they must name. */
const breaches: [name: string, planted: Package[], rules: string[], named: string][] = [
  [
    'graph imports nn',
    importing('packages/graph', "import '@limbeck/nn';"),
    ['imports follow the arrows', 'what is imported is declared'],
    '@limbeck/nn',
  ],
  [
    'core re-exports a plugin',
    importing('packages/core', "export * from '@limbeck/projectors';"),
    ['imports follow the arrows', 'what is imported is declared'],
    '@limbeck/projectors',
  ],
  [
    'testkit loads a plugin',
    importing('packages/testkit', "await import('@limbeck/projectors');"),
    ['imports follow the arrows', 'what is imported is declared'],
    '@limbeck/projectors',
  ],
  [
    'a plugin borrows a type from another',
    importing('plugins/distill-logit', "import type { P } from '@limbeck/projectors';"),
    ['imports follow the arrows', 'what is imported is declared'],
    '@limbeck/projectors',
  ],
  [
    "a plugin's test uses another plugin",
    withFile('plugins/distill-logit', 'src/a.test.ts', "import '@limbeck/projectors';"),
    ['imports follow the arrows', 'what is imported is declared'],
    '@limbeck/projectors',
  ],
  [
    'a plugin depends on data',
    depending('plugins/projectors', { '@limbeck/data': '0.1.0' }),
    ['dependencies follow the arrows', 'tsconfig references agree with the dependencies'],
    'data',
  ],
  [
    'core imports onnxruntime',
    importing('packages/core', "import ort from 'onnxruntime-node';"),
    ['runtimes, inversify and cosmiconfig stay in their places', 'what is imported is declared'],
    'onnxruntime-node',
  ],
  [
    'data imports tfjs',
    importing('packages/data', "import '@tensorflow/tfjs-node';"),
    ['runtimes, inversify and cosmiconfig stay in their places', 'what is imported is declared'],
    '@tensorflow/tfjs-node',
  ],
  [
    'a plugin imports inversify',
    importing('plugins/projectors', "import { injectable } from 'inversify';"),
    ['runtimes, inversify and cosmiconfig stay in their places', 'what is imported is declared'],
    'inversify',
  ],
  [
    'data imports cosmiconfig',
    importing('packages/data', "import { cosmiconfig } from 'cosmiconfig';"),
    ['runtimes, inversify and cosmiconfig stay in their places', 'what is imported is declared'],
    'cosmiconfig',
  ],
  [
    "nn reaches into graph's sources",
    importing('packages/nn', "import '@limbeck/graph/src/ops/add.js';"),
    ['a package is entered by its front door'],
    '@limbeck/graph/src/ops/add.js',
  ],
  [
    'nn climbs over the fence',
    importing('packages/nn', "import '../../graph/src/index.js';"),
    ['a package is entered by its front door'],
    '../../graph/src/index.js',
  ],
  [
    "the trainer's files import a value of training",
    withFile('packages/trainer', 'src/files/planted.ts', "import { train } from '../train/loop.js';"),
    ['layers inside a package look one way'],
    "'files' may import no other layer",
  ],
  [
    "the trainer's programs borrow a type from what executes them",
    withFile('packages/trainer', 'src/programs/a.ts', "import type { S } from '../execute/step.js';"),
    ['layers inside a package look one way'],
    "'programs' may import run",
  ],
  [
    "a test of the trainer's store trains",
    withFile('packages/trainer', 'src/store/a.test.ts', "import '../train/loop.js';"),
    ['layers inside a package look one way'],
    '../train/loop.js',
  ],
  [
    "a layer of the trainer enters through the package's own door",
    withFile('packages/trainer', 'src/run/a.ts', "import '../index.js';"),
    ['layers inside a package look one way'],
    '../index.js',
  ],
  [
    'an undeclared package',
    importing('packages/data', "import { gunzipSync } from 'fflate';"),
    ['what is imported is declared'],
    'fflate',
  ],
  [
    'graph reads files',
    importing('packages/graph', "import { readFileSync } from 'node:fs';"),
    ['portable packages use nothing of Node'],
    'node:fs',
  ],
  [
    'a distiller uses Buffer',
    importing('plugins/distill-logit', "import { Buffer } from 'buffer';"),
    ['portable packages use nothing of Node'],
    'buffer',
  ],
  [
    'a reference is missing',
    changed('packages/nn', () => ({ references: [] })),
    ['tsconfig references agree with the dependencies'],
    'packages/graph',
  ],
  [
    'a reference too many',
    changed('packages/graph', () => ({ references: ['packages/nn'] })),
    ['tsconfig references agree with the dependencies'],
    'packages/nn',
  ],
  [
    "core has outgrown the plugins' range",
    changed('packages/core', ({ manifest }) => ({ manifest: { ...manifest, version: '1.0.0' } })),
    ["our packages' ranges cover our packages' versions"],
    '>=0.1.0 <1',
  ],
  [
    'a plugin without core as a peer',
    changed('plugins/projectors', ({ manifest }) => ({
      manifest: { ...manifest, peerDependencies: {} },
      references: [],
    })),
    ['plugins ask for core as a peer'],
    'plugins/projectors',
  ],
  ['a long file', importing('packages/graph', tooLong), ['files are short'], '501 lines'],
  [
    'a file named utils',
    withFile('packages/graph', 'src/utils.ts', ''),
    ['names of files and folders say what is inside'],
    'src/utils.ts',
  ],
  [
    'a folder named helpers',
    withFile('packages/graph', 'src/helpers/add.ts', ''),
    ['names of files and folders say what is inside'],
    'src/helpers/add.ts',
  ],
];

describe('a planted breach', () => {
  it('is the only one: the small repository is clean', () => {
    expect(complaints(clean())).toEqual({});
  });

  it.each(breaches)('%s', (_, planted, rules, named) => {
    const found = complaints(planted);
    expect(Object.keys(found).sort()).toEqual([...rules].sort());
    for (const rule of rules) expect(found[rule]?.join('\n')).toContain(named);
  });

  it('leaves no rule unproved', () => {
    expect([...new Set(breaches.flatMap(([, , rules]) => rules))].sort()).toEqual(Object.keys(checks).sort());
  });

  it('is not seen where there is none: tests may use the kit and Node', () => {
    const test =
      "import { it } from 'vitest'; import fc from 'fast-check'; import '@limbeck/testkit'; import 'node:fs';";
    expect(complaints(withFile('plugins/projectors', 'src/a.test.ts', test))).toEqual({});
  });
});

function complaints(packages: Package[]): Record<string, string[]> {
  const found = Object.entries(checks).map(([rule, check]) => [rule, check(packages)] as const);
  return Object.fromEntries(found.filter(([, list]) => list.length > 0));
}
