/**
 * A package of package-lock.json, as far as its origin matters.
 * @typedef {{ version?: string, license?: string, link?: boolean, integrity?: string, resolved?: string, inBundle?: boolean, dev?: boolean, devOptional?: boolean }} LockedPackage
 */

/** Licences that dependencies may have: permissive ones, and those for data and documentation. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'MPL-2.0',
  'WTFPL',
  'Zlib',
]);

/** Packages that bring libvips as a shared library of its own, which the LGPL lets anyone use. */
const sharedLibraries = /^@img\/sharp-/;

/**
 * True where one alternative of the expression is allowed as a whole.
 * @param {string} expression of SPDX
 * @param {Set<string>} [also] further licences
 */
export function isAllowed(expression, also = new Set()) {
  const alternatives = expression.replace(/[()]/g, '').split(/ OR /);
  return alternatives.some((one) =>
    one.split(/ AND /).every((id) => allowed.has(id.trim()) || also.has(id.trim())),
  );
}

/**
 * What is wrong with the lock file: third-party packages without a checksum of SHA-512, from elsewhere than the registry, or under a
 * licence that is not allowed.
 * @param {Record<string, LockedPackage>} packages the `packages` table of package-lock.json
 * @returns {string[]} a line each
 */
export function lockProblems(packages) {
  return Object.entries(packages).flatMap(([location, entry]) => {
    if (!location.includes('node_modules/') || entry.link) return [];
    const name = `${location.slice(location.lastIndexOf('node_modules/') + 13)} ${entry.version}`;
    const problems = [];
    if (!entry.inBundle && !/^sha512-/.test(entry.integrity ?? ''))
      problems.push(`${name} has no checksum of SHA-512`);
    if (entry.resolved !== undefined && !/^https:/.test(entry.resolved))
      problems.push(`${name} comes from ${entry.resolved}`);
    const also = sharedLibraries.test(name) ? new Set(['LGPL-3.0-or-later']) : undefined;
    if (!isAllowed(entry.license ?? 'none', also))
      problems.push(`${name} has the licence ${entry.license ?? 'none'}`);
    return problems;
  });
}

/**
 * What `npm audit --json` said: findings from high on, or that the registry did not answer.
 * @param {string} output
 * @returns {{ answered: boolean, findings: string[] }}
 */
export function readAudit(output) {
  try {
    const { vulnerabilities } = JSON.parse(output);
    if (typeof vulnerabilities !== 'object' || vulnerabilities === null)
      return { answered: false, findings: [] };
    const grave = Object.values(vulnerabilities).filter(({ severity }) =>
      ['high', 'critical'].includes(severity),
    );
    return {
      answered: true,
      findings: grave.map(({ name, severity, range }) => `${name} ${range}: ${severity}`),
    };
  } catch {
    return { answered: false, findings: [] };
  }
}

/**
 * What an installation consists of, as a CycloneDX document: third-party packages with version, licence and checksum.
 * @param {Record<string, LockedPackage>} packages the `packages` table of package-lock.json
 * @param {string} version of Limbeck
 */
export function cycloneDx(packages, version) {
  const shipped = Object.entries(packages).filter(
    ([location, entry]) =>
      location.includes('node_modules/') && !entry.link && !entry.dev && !entry.devOptional,
  );
  const components = new Map(
    shipped.map(([location, entry]) => {
      const name = location.slice(location.lastIndexOf('node_modules/') + 13);
      const purl = `pkg:npm/${name.replace('@', '%40')}@${entry.version}`;
      const sha512 = /^sha512-(\S+)/.exec(entry.integrity ?? '')?.[1];
      const component = {
        type: 'library',
        'bom-ref': purl,
        name,
        version: entry.version,
        purl,
        licenses: [{ expression: entry.license ?? 'NOASSERTION' }],
        hashes:
          sha512 === undefined
            ? []
            : [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }],
      };
      return [purl, component];
    }),
  );
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': `limbeck@${version}`, name: 'limbeck', version },
    },
    components: [...components.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
}
