import type { Kind, Plugin } from '@limbeck/core';
import { createHost, kindNames, kinds } from '@limbeck/core/host';
import { type ConfigKey, optionKeys } from '../../packages/cli/src/config/reference.js';

/** The parts of a package.json that a README shows. */
interface Manifest {
  readonly name: string;
  readonly description: string;
}

const citation = 'Citation and licence';

/** Where a configuration names a contribution of a kind. */
const places: { readonly [K in Kind]?: (id: string) => string } = {
  backbones: (id) => `student: { use: ${id} }`,
  distillers: (id) => `distiller: { use: ${id} }`,
  backends: (id) => `backend: ${id}`,
  exporters: (id) => `train: { export: [${id}] }`,
  datasets: (id) => `data: { use: ${id} }`,
  augmentations: (id) => `data: { augment: [${id}] }`,
  projectors: (id) => `distiller: { use: fitnet, projector: { use: ${id} } }`,
};

/** Sections that people wrote into a README: those with other titles than the written ones. */
function handWritten(readme: string): string[] {
  const written = new Set([...kindNames.map(title), citation]);
  const sections = readme.split(/^(?=## )/m).slice(1);
  return sections
    .map((section) => section.trimEnd())
    .filter((section) => !written.has(section.slice(3).split('\n')[0]!));
}

/**
 * The README of a plugin: what it brings, with the options of each contribution as its schema tells them.
 *
 * @param required plugins that must be set up before it
 * @param current the README there is; its hand-written sections are kept
 */
export async function pluginReadme(
  manifest: Manifest,
  plugin: Plugin,
  required: readonly Plugin[],
  current: string,
): Promise<string> {
  const host = await createHost({
    plugins: [...required, plugin].map((one) => ({ plugin: one, origin: one.name })),
  });
  try {
    const contributions = kindNames.flatMap((kind) =>
      host
        .list(kind)
        .filter((entry) => entry.plugin.name === plugin.name)
        .map(({ id, description }) => ({
          kind,
          id,
          description,
          keys: kind === 'recipes' ? [] : optionKeys(host.get(kind, id)),
        })),
    );
    const example = contributions.find(({ kind }) => places[kind] !== undefined);
    return [
      `# ${manifest.name}`,
      `${manifest.description}. A plugin of Limbeck, a framework for knowledge distillation in TypeScript.`,
      ...(example === undefined
        ? ['`npm install limbeck` brings this plugin along:', '```sh\nlimbeck recipes\n```']
        : [
            '`npm install limbeck` brings this plugin along, and a configuration names what it contributes:',
            `\`\`\`yaml\n${places[example.kind]!(example.id)}\n\`\`\``,
          ]),
      ...kindNames.flatMap((kind) => {
        const own = contributions.filter((one) => one.kind === kind);
        if (own.length === 0) return [];
        return [
          `## ${title(kind)}`,
          kind === 'recipes' ? counted(own) : listing(own),
          ...own.flatMap(optionsOf),
        ];
      }),
      ...handWritten(current),
      `## ${citation}`,
      'Cite Limbeck as its CITATION.cff says, and the papers of the methods you use. Apache-2.0, see LICENSE and NOTICE.\n',
    ].join('\n\n');
  } finally {
    await host.dispose();
  }
}

interface Contributed {
  readonly id: string;
  readonly description: string;
  readonly keys: readonly ConfigKey[];
}

const title = (kind: Kind): string => {
  const { noun } = kinds[kind];
  return `${noun[0]!.toUpperCase()}${noun.slice(1)}s`;
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const listing = (contributed: readonly Contributed[]): string =>
  ['| id | what it is |', '|---|---|']
    .concat(contributed.map(({ id, description }) => `| \`${id}\` | ${cell(description)} |`))
    .join('\n');

/** Recipes are too many for a list: how many there are of each method and data set. */
function counted(recipes: readonly Contributed[]): string {
  const counts = new Map<string, number>();
  for (const { id } of recipes) {
    const [method, data] = id.split('/');
    const key = `| ${method} | ${data} |`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return ['| method | data | rows |', '|---|---|---|']
    .concat([...counts].map(([key, count]) => `${key} ${count} |`))
    .join('\n');
}

function optionsOf({ id, keys }: Contributed): string[] {
  if (keys.length === 0) return [];
  const rows = keys.map(({ path, type, required, default: value, meaning }) => {
    const fallback = required ? 'required' : value === undefined ? '' : `\`${cell(value)}\``;
    return `| \`${path}\` | ${cell(type)} | ${fallback} | ${cell(meaning)} |`;
  });
  return [
    `### Options of \`${id}\``,
    ['| option | takes | default | meaning |', '|---|---|---|---|', ...rows].join('\n'),
  ];
}
