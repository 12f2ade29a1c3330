import { isBuiltin } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import type { Package, SourceFile } from './workspace.js';

/** One import, export-from, dynamic import or require with a literal specifier. */
export interface Import {
  from: Package;
  file: SourceFile;
  specifier: string;
  /** `path` is relative or absolute, `builtin` belongs to Node, `package` is everything else. */
  kind: 'path' | 'builtin' | 'package';
  /** For a package: its name without the path inside it. For a path: where it leads, from the repository's root. */
  target: string;
}

export function importsOf(from: Package): Import[] {
  return from.files.flatMap((file) =>
    ts
      .preProcessFile(file.text, true, true)
      .importedFiles.map(({ fileName }) => describe(from, file, fileName)),
  );
}

function describe(from: Package, file: SourceFile, specifier: string): Import {
  if (/^[./]/.test(specifier)) {
    const target = path.posix.join(from.folder, path.posix.dirname(file.path), specifier);
    return { from, file, specifier, kind: 'path', target };
  }
  if (isBuiltin(specifier)) return { from, file, specifier, kind: 'builtin', target: specifier };
  return { from, file, specifier, kind: 'package', target: packageName(specifier) };
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

export function isTest(file: SourceFile): boolean {
  return file.path.endsWith('.test.ts');
}
