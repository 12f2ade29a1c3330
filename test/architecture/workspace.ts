import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The fields of a package.json that the rules look at. */
export interface Manifest {
  name: string;
  version?: string;
  private?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  exports?: Record<string, unknown>;
}

export interface SourceFile {
  /** Path from the package's folder, with `/`. */
  path: string;
  text: string;
}

export interface Package {
  /** Folder from the repository's root: `packages/graph`. */
  folder: string;
  manifest: Manifest;
  /** Folders that the package's tsconfig.json refers to, from the root; undefined when it is not compiled. */
  references: readonly string[] | undefined;
  files: readonly SourceFile[];
}

/** Every package and plugin of the repository with its sources. */
export function readWorkspace(root: string): Package[] {
  return ['packages', 'plugins'].flatMap((group) =>
    readdirSync(path.join(root, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
      .map((folder) => readPackage(root, folder)),
  );
}

function readPackage(root: string, folder: string): Package {
  const tsconfig = path.join(root, folder, 'tsconfig.json');
  return {
    folder,
    manifest: readJson(path.join(root, folder, 'package.json')) as Manifest,
    references: existsSync(tsconfig) ? readReferences(tsconfig, folder) : undefined,
    files: readSources(path.join(root, folder)),
  };
}

function readReferences(tsconfig: string, folder: string): string[] {
  const { references = [] } = readJson(tsconfig) as { references?: { path: string }[] };
  return references.map((reference) => path.posix.join(folder, reference.path));
}

function readSources(folder: string): SourceFile[] {
  const source = path.join(folder, 'src');
  if (!existsSync(source)) return [];
  return readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({
      path: path.relative(folder, file).replaceAll('\\', '/'),
      text: readFileSync(file, 'utf8'),
    }));
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
