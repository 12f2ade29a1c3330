import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { type CommandResult, lastLines, type RunCommand } from '../session/command.js';
import type { SetupOptions } from './options.js';

/** Which Python's wheel is taken: the library inside is the same for all, and every version has one for this. */
const wheelChoice = ['--python-version', '3.11', '--only-binary=:all:', '--no-deps', '--no-input'];

/** A file that pip has named. */
export interface Wheel {
  /** SHA-256 in hexadecimal, as the index has it. */
  readonly sha256: string;
}

/**
 * Finds a Python with pip.
 *
 * @throws LimbeckError PRECONDITION
 */
export async function findPython(run: RunCommand): Promise<string> {
  for (const python of [process.env.LIMBECK_PYTHON, 'python3', 'python']) {
    if (python === undefined) continue;
    const { status } = await run(python, ['-m', 'pip', '--version']);
    if (status === 0) return python;
  }
  throw new LimbeckError('PRECONDITION', 'no Python with pip was found', {
    hint: 'install Python 3 with pip (Debian: apt install python3-pip), or name one in LIMBECK_PYTHON',
  });
}

const requirement = ({ wheel, tensorflowVersion }: SetupOptions) => `${wheel}==${tensorflowVersion}`;

/** What pip says when there is no such file, and when there is no network. */
function explain(result: CommandResult, options: SetupOptions): LimbeckError {
  const said = lastLines(result);
  if (/No matching distribution|Could not find a version/.test(said)) {
    return new LimbeckError('NOT_FOUND', `pip has no ${requirement(options)} for this platform`, {
      hint: 'choose another version with --tensorflow (pip index versions tensorflow-cpu lists them)',
      details: { said },
    });
  }
  return new LimbeckError('DOWNLOAD_FAILED', `pip cannot get ${requirement(options)}:\n${said}`, {
    hint: 'check the network and the settings of pip, which are used as they are',
  });
}

/** Asks pip which file it would take, and its checksum. */
export async function resolveWheel(run: RunCommand, python: string, options: SetupOptions): Promise<Wheel> {
  const dry = ['--dry-run', '--ignore-installed', '--quiet', '--report', '-', '--target', options.home];
  const result = await run(python, ['-m', 'pip', 'install', ...dry, ...wheelChoice, requirement(options)]);
  if (result.status !== 0 && /no such option: --(report|dry-run)/.test(result.stderr)) {
    throw new LimbeckError('PRECONDITION', 'pip is too old to name checksums', {
      hint: `${python} -m pip install --upgrade pip`,
    });
  }
  if (result.status !== 0) throw explain(result, options);
  const report = JSON.parse(result.stdout) as {
    install?: { download_info?: { archive_info?: { hashes?: { sha256?: string } } } }[];
  };
  const sha256 = report.install?.[0]?.download_info?.archive_info?.hashes?.sha256;
  if (sha256 !== undefined) return { sha256 };
  throw new LimbeckError('VERIFY_FAILED', `the index names no checksum for ${requirement(options)}`, {
    hint: 'use an index that does',
  });
}

/** Milliseconds between lines of progress. */
const progressEvery = 5000;

/** Bytes in the files of a folder, which change meanwhile. */
function sizeIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.reduce(
    (sum, { parentPath, name }) =>
      sum + (statSync(path.join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/**
 * Has pip fetch the file and checks it once more.
 *
 * @returns its path
 * @throws LimbeckError VERIFY_FAILED where it is not the file that the index speaks of
 */
export async function downloadWheel(
  run: RunCommand,
  python: string,
  { sha256 }: Wheel,
  options: SetupOptions,
  say: (line: string) => void,
): Promise<string> {
  const folder = path.join(options.home, 'download');
  // where pip collects what has come; it shows no progress where there is no terminal
  const partial = path.join(folder, 'partial');
  await rm(folder, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const args = ['-m', 'pip', 'download', '--quiet', '--dest', folder, ...wheelChoice, requirement(options)];
  const watch = setInterval(() => {
    const megabytes = Math.round(sizeIn(partial) / 1e6);
    if (megabytes > 0) say(`  ${megabytes} MB`);
  }, progressEvery);
  const result = await run(python, args, { env: { TMPDIR: partial } }).finally(() => clearInterval(watch));
  await rm(partial, { recursive: true, force: true });
  if (result.status !== 0) throw explain(result, options);
  const name = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (name === undefined) throw explain(result, options);
  const file = path.join(folder, name);
  const found = await checksumOf(file);
  if (found === sha256) return file;
  await rm(folder, { recursive: true, force: true });
  throw new LimbeckError('VERIFY_FAILED', `${name} has the checksum ${found}, the index names ${sha256}`, {
    hint: 'try again; if it stays so, do not trust the index',
  });
}

async function checksumOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Takes the two libraries and the headers of the C interface out of a wheel: Python reads its own format best. */
const unpacking = `
import os, shutil, sys, zipfile
wheel, target = sys.argv[1:3]
headers = tuple('tensorflow/include/' + part for part in ('tensorflow/c/', 'tensorflow/core/platform/', 'tsl/', 'xla/tsl/'))
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        name = entry.filename
        if name.endswith('/') or '..' in name.split('/'):
            continue
        if name.startswith(headers) and name.endswith('.h'):
            out = os.path.join(target, name[len('tensorflow/'):])
        elif name.startswith('tensorflow/libtensorflow') and '.so' in name:
            out = os.path.join(target, 'lib', os.path.basename(name))
        else:
            continue
        os.makedirs(os.path.dirname(out), exist_ok=True)
        with archive.open(entry) as source, open(out, 'wb') as sink:
            shutil.copyfileobj(source, sink)
`;

/** Unpacks what the binding needs into `include` and `lib` of a folder. */
export async function unpackWheel(
  run: RunCommand,
  python: string,
  wheel: string,
  target: string,
): Promise<void> {
  await mkdir(target, { recursive: true });
  const result = await run(python, ['-c', unpacking, wheel, target]);
  if (result.status === 0) return;
  throw new LimbeckError('WRITE_FAILED', `cannot unpack ${wheel}: ${lastLines(result, 1)}`, {
    hint: 'about 1 GB of free space is needed',
  });
}
