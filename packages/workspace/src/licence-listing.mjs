/**
 * A package of package-lock.json, as far as its licence matters.
 * @typedef {{ version?: string, license?: string, link?: boolean, dev?: boolean, devOptional?: boolean }} LockedPackage
 */

/**
 * The page docs/licenses.md: every third-party package with its version and licence, those a user installs first.
 * @param {Record<string, LockedPackage>} packages the `packages` table of package-lock.json
 */
export function licenceListing(packages) {
  const thirdParty = Object.entries(packages)
    .filter(([location, entry]) => location.includes('node_modules/') && !entry.link)
    .map(([location, entry]) => ({
      ...entry,
      name: location.slice(location.lastIndexOf('node_modules/') + 13),
    }));
  const shipped = thirdParty.filter((entry) => !entry.dev && !entry.devOptional);
  const development = thirdParty.filter((entry) => entry.dev || entry.devOptional);
  return [
    '# Licences of the dependencies',
    '',
    'Written by `npm run licenses` from package-lock.json; do not edit by hand. Limbeck itself is Apache-2.0.',
    '',
    '## Installed with Limbeck',
    '',
    table(shipped),
    '',
    '## For development only',
    '',
    table(development),
    '',
  ].join('\n');
}

/** @param {(LockedPackage & { name: string })[]} entries */
function table(entries) {
  const rows = entries.map(
    ({ name, version, license }) => `| ${name} | ${version} | ${license ?? 'not stated'} |`,
  );
  return ['| package | version | licence |', '|---|---|---|', ...[...new Set(rows)].sort()].join('\n');
}
