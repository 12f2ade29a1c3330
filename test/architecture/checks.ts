import semver from 'semver';
import { type Import, importsOf, isTest } from './imports.js';
import {
  arrows,
  emptyNames,
  layers,
  longestFile,
  matches,
  owners,
  portable,
  testArrows,
  testLayers,
} from './rules.js';
import type { Package } from './workspace.js';

/** Reports each breach of one rule among these packages as a sentence: where, what. */
export type Check = (packages: readonly Package[]) => string[];

const eachImport =
  (breach: (used: Import, packages: readonly Package[]) => string | false): Check =>
  (packages) =>
    packages.flatMap(importsOf).flatMap((used) => {
      const complaint = breach(used, packages);
      return complaint ? [`${used.from.folder}/${used.file.path}: ${complaint}`] : [];
    });

const belongs = (folder: string, patterns: readonly string[]) =>
  patterns.some((pattern) => matches(pattern, folder));

/** A package's own name, or what its `exports` offer beside it, such as `@limbeck/testkit/vitest`. */
const isDoor = (specifier: string, target: string, packages: readonly Package[]): boolean =>
  specifier === target ||
  `.${specifier.slice(target.length)}` in
    (packages.find(({ manifest }) => manifest.name === target)?.manifest.exports ?? {});

const isOurs = (name: string, packages: readonly Package[]) =>
  packages.some(({ manifest }) => manifest.name === name);

/** Our packages that a package may use: by its own row, or by that of all plugins. */
function allowed(folder: string): readonly string[] | 'anything' {
  return arrows[folder] ?? (folder.startsWith('plugins/') ? (arrows['plugins/*'] ?? []) : []);
}

const mayUse = (folder: string, name: string) => {
  const names = allowed(folder);
  return names === 'anything' || names.includes(name);
};

/** What an installed package may import. */
const dependenciesOf = ({ manifest }: Package) => ({
  ...manifest.dependencies,
  ...manifest.optionalDependencies,
  ...manifest.peerDependencies,
});

const declared = (from: Package, name: string) =>
  Object.hasOwn(dependenciesOf(from), name) ||
  // Nobody installs a private package without its development dependencies.
  (from.manifest.private === true && Object.hasOwn(from.manifest.devDependencies ?? {}, name));

/** The folder of a source file inside its package: `src/run/events.ts` is in `run`. */
const layerOf = (file: string): string | undefined => /^src\/([^/]+)\//.exec(file)?.[1];

/** The rules by name. Each is proved by a planted breach in `architecture.test.ts`. */
export const checks: Record<string, Check> = {
  'imports follow the arrows': eachImport(({ from, file, kind, target }, packages) => {
    if (kind !== 'package' || !isOurs(target, packages) || mayUse(from.folder, target)) return false;
    return !(isTest(file) && testArrows.includes(target)) && `must not import ${target}`;
  }),

  'dependencies follow the arrows': (packages) =>
    packages.flatMap((from) =>
      Object.keys(dependenciesOf(from))
        .filter((name) => isOurs(name, packages) && !mayUse(from.folder, name))
        .map((name) => `${from.folder}/package.json: must not depend on ${name}`),
    ),

  'runtimes, inversify and cosmiconfig stay in their places': eachImport(({ from, kind, target }) => {
    if (kind !== 'package') return false;
    const rule = owners.find(({ module }) => matches(module, target));
    return (
      rule !== undefined && !matches(rule.owner, from.folder) && `only ${rule.owner} may import ${target}`
    );
  }),

  'a package is entered by its front door': eachImport(({ from, specifier, kind, target }, packages) => {
    if (kind === 'path') return !target.startsWith(`${from.folder}/`) && `${specifier} leaves the package`;
    return (
      kind === 'package' &&
      isOurs(target, packages) &&
      !isDoor(specifier, target, packages) &&
      `${specifier} reaches inside ${target}`
    );
  }),

  'layers inside a package look one way': eachImport(({ from, file, specifier, kind, target }) => {
    const known = layers[from.folder];
    const layer = layerOf(file.path);
    if (known === undefined || kind !== 'path' || layer === undefined || known[layer] === undefined)
      return false;
    const other = layerOf(target.slice(from.folder.length + 1));
    if (other === layer || known[layer].includes(other ?? '')) return false;
    if (isTest(file) && testLayers.includes(other ?? '')) return false;
    return `${specifier} looks up: '${layer}' may import ${known[layer].join(', ') || 'no other layer'}`;
  }),

  'what is imported is declared': eachImport(({ from, file, kind, target }) => {
    if (kind !== 'package' || declared(from, target)) return false;
    const forTests =
      isTest(file) &&
      (testArrows.includes(target) || Object.hasOwn(from.manifest.devDependencies ?? {}, target));
    return !forTests && `${target} is not in the package.json`;
  }),

  'portable packages use nothing of Node': eachImport(({ from, file, kind, specifier }) => {
    return (
      kind === 'builtin' && !isTest(file) && belongs(from.folder, portable) && `must not import ${specifier}`
    );
  }),

  'tsconfig references agree with the dependencies': (packages) =>
    packages.flatMap((one) => {
      const { folder, references } = one;
      if (!references) return [];
      const wanted = packages
        .filter(({ manifest }) => declared(one, manifest.name))
        .map((other) => other.folder);
      const missing = wanted
        .filter((other) => !references.includes(other))
        .map((other) => `lacks a reference to ${other}`);
      const extra = references
        .filter((other) => !wanted.includes(other))
        .map((other) => `refers to ${other}, which the package does not depend on`);
      return [...missing, ...extra].map((complaint) => `${folder}/tsconfig.json: ${complaint}`);
    }),

  "our packages' ranges cover our packages' versions": (packages) =>
    packages.flatMap((from) =>
      Object.entries({
        ...dependenciesOf(from),
        ...from.manifest.devDependencies,
      }).flatMap(([name, range]) => {
        const version = packages.find((other) => other.manifest.name === name)?.manifest.version;
        if (version === undefined || semver.satisfies(version, range)) return [];
        return [`${from.folder}/package.json: ${name} ${range} does not cover ${version}`];
      }),
    ),

  'plugins ask for core as a peer': (packages) =>
    packages
      .filter(
        ({ folder, manifest }) =>
          folder.startsWith('plugins/') && !manifest.peerDependencies?.['@limbeck/core'],
      )
      .map(({ folder }) => `${folder}/package.json: @limbeck/core is not a peer dependency`),

  'files are short': (packages) =>
    packages.flatMap(({ folder, files }) =>
      files
        .map((file) => ({ path: file.path, lines: file.text.trimEnd().split('\n').length }))
        .filter(({ lines }) => lines > longestFile)
        .map(({ path, lines }) => `${folder}/${path}: ${lines} lines, at most ${longestFile}`),
    ),

  'names of files and folders say what is inside': (packages) =>
    packages.flatMap(({ folder, files }) =>
      files
        .filter((file) => file.path.split('/').some((part) => emptyNames.includes(part.replace(/\..*$/, ''))))
        .map((file) => `${folder}/${file.path}: choose a name that says what is inside`),
    ),
};
