import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

// inside the repository, so that packages are found as they are where somebody installs them
const scratch = path.join(root, 'node_modules/.limbeck/typescript-blocks');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const under = (folder: string, ending: string) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => path.join(folder, file));
const readmes = ['packages', 'plugins'].flatMap((folder) =>
  readdirSync(path.join(root, folder)).map((name) => path.join(folder, name, 'README.md')),
);
const pages = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...under('docs', '.md').filter((file) => !file.startsWith(path.join('docs', 'api'))),
  ...under('examples', '.md'),
  ...readmes.filter((file) => existsSync(path.join(root, file))),
].sort();

/** What a block may do without: the text before it in the page that a reader has typed already. */
const isWhole = (block: string) => /^(\/\/ .*\n)?import |^export default /m.test(block);

/** Blocks of a page lie beside each other; one that begins with `// name.ts` can be imported by that name. */
const fileOf = (page: string, block: string, i: number): string =>
  path.join(scratch, page.replaceAll(/\W/g, '-'), /^\/\/ (\S+\.ts)\n/.exec(block)?.[1] ?? `block-${i}.ts`);

const blocks = pages.flatMap((page) =>
  [...readFileSync(path.join(root, page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, block], i) => ({ page, text: block!, file: fileOf(page, block!, i) }))
    .filter(({ text }) => isWhole(text)),
);
const examples = under('examples', '.ts').map((file) => path.join(root, file));

it('TypeScript in README, docs and examples type-checks against the built declarations, strictly', {
  timeout: 120_000,
}, () => {
  expect(blocks.length).toBeGreaterThan(5);
  for (const { file, text } of blocks) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const program = ts.createProgram([...blocks.map(({ file }) => file), ...examples], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules/@types')],
  });
  const page = new Map(blocks.map(({ file, page: name }) => [file, name]));
  const said = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line =
      file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    const where = page.get(file?.fileName ?? '') ?? path.relative(root, file?.fileName ?? '');
    return `${where}, line ${line} of the block: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
  expect(said).toEqual([]);
});
