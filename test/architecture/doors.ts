import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import type { Package } from './workspace.js';

/** A name that a package exports. */
export interface Exported {
  readonly name: string;
  /** File that declares it. */
  readonly file: string;
  readonly documented: boolean;
}

/** An entry point of a package: `@limbeck/core`, `@limbeck/core/host`. */
export interface Door {
  readonly specifier: string;
  readonly exported: readonly Exported[];
}

/**
 * The entry points of a package, read from its sources without running them.
 *
 * @throws Error naming the file that exports everything of another one: what a door shows is written down by name
 */
export function doorsOf(root: string, { folder, manifest }: Package): Door[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([entry, conditions]) => {
    const source = (conditions as Record<string, string> | null)?.['@limbeck/source'];
    if (source === undefined) return [];
    const file = path.join(root, folder, source);
    const exported = [...exportsOf(file).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return [{ specifier: path.posix.join(manifest.name, entry), exported }];
  });
}

const parsed = new Map<string, ts.SourceFile>();

function parse(file: string): ts.SourceFile {
  let source = parsed.get(file);
  if (source === undefined) {
    source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
    parsed.set(file, source);
  }
  return source;
}

/** What a file exports, by name; what it hands on from other packages is theirs to document. */
function exportsOf(file: string): Map<string, Exported> {
  const found = new Map<string, Exported>();
  for (const statement of parse(file).statements) {
    if (isExported(statement)) {
      for (const name of namesOf(statement)) found.set(name, { name, ...declaredIn(file, name) });
    }
    if (!ts.isExportDeclaration(statement)) continue;
    const { exportClause, moduleSpecifier } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) {
      throw new Error(`${file}: '${statement.getText()}' exports everything; name what the door shows`);
    }
    const from = moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
    for (const element of exportClause.elements) {
      const name = element.name.text;
      const declared = (element.propertyName ?? element.name).text;
      found.set(name, { name, ...declarationOf(file, from, declared) });
    }
  }
  return found;
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

function declarationOf(file: string, from: string | undefined, name: string): Omit<Exported, 'name'> {
  if (from === undefined) return declaredIn(file, name);
  if (!from.startsWith('.')) return { file: from, documented: true };
  const source = path.resolve(path.dirname(file), from.replace(/\.js$/, '.ts'));
  if (!existsSync(source)) throw new Error(`${file}: there is no '${from}'`);
  return declaredIn(source, name);
}

function declaredIn(file: string, name: string): Omit<Exported, 'name'> {
  for (const statement of parse(file).statements) {
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    ) {
      const element = statement.exportClause.elements.find((one) => one.name.text === name);
      const from = statement.moduleSpecifier;
      if (element !== undefined && from !== undefined && ts.isStringLiteral(from)) {
        return declarationOf(file, from.text, (element.propertyName ?? element.name).text);
      }
    }
    const imported = importOf(statement, name);
    if (imported !== undefined) return declarationOf(file, imported.from, imported.name);
    if (namesOf(statement).includes(name)) {
      const comments = ts.getJSDocCommentsAndTags(statement);
      return { file, documented: comments.length > 0 };
    }
  }
  throw new Error(`${file}: no declaration of '${name}'`);
}

/** Where a name comes from that a statement imports. */
function importOf(statement: ts.Statement, name: string): { from: string; name: string } | undefined {
  if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return undefined;
  const from = statement.moduleSpecifier.text;
  if (statement.importClause?.name?.text === name) return { from, name: 'default' };
  const bindings = statement.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return undefined;
  const element = bindings.elements.find((one) => one.name.text === name);
  return element && { from, name: (element.propertyName ?? element.name).text };
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isExportAssignment(statement)) return ['default'];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name)
        ? [name.text]
        : name.elements.flatMap((one) => (ts.isOmittedExpression(one) ? [] : [one.name.getText()])),
    );
  }
  const { name } = statement as ts.Statement & { name?: ts.Node };
  return name === undefined ? [] : [name.getText()];
}
