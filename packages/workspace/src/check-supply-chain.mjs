/** Checks checksums and licences of the lock file, and asks the registry for known vulnerabilities where it answers. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { npmCommand } from './npm.mjs';
import { lockProblems, readAudit } from './supply-chain.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
const problems = lockProblems(lock.packages);
const [command = 'npm', ...first] = npmCommand(process.env, process.platform);
const audit = spawnSync(command, [...first, 'audit', '--json', '--omit=dev'], {
  cwd: root,
  encoding: 'utf8',
  timeout: 60_000,
});
const { answered, findings } = readAudit(audit.stdout ?? '');
for (const line of [...problems, ...findings]) process.stdout.write(`${line}\n`);
process.stdout.write(
  answered ? `audit: ${findings.length} grave findings\n` : 'audit: the registry did not answer\n',
);
process.stdout.write(`lock file: ${problems.length} problems\n`);
process.exitCode = problems.length + findings.length === 0 ? 0 : 1;
