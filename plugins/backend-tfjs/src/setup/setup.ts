import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import type { RunCommand } from '../session/command.js';
import { probe } from '../session/probe.js';
import { buildBinding, checkTools, installTfjs, linkLibrary, packageFolder } from './binding.js';
import type { SetupOptions } from './options.js';
import { downloadWheel, findPython, resolveWheel, unpackWheel } from './wheel.js';

/** What a finished setup was made of, kept beside it. */
interface SetupRecord {
  readonly wheel: string;
  readonly tensorflowVersion: string;
  readonly sha256: string;
  readonly tfjs: string;
  readonly tfjsVersion: string;
}

const recordFile = (home: string): string => path.join(home, 'setup.json');

async function readRecord(home: string): Promise<SetupRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordFile(home), 'utf8')) as SetupRecord;
  } catch {
    return undefined;
  }
}

const sameParts = (record: SetupRecord, options: SetupOptions): boolean =>
  (['wheel', 'tensorflowVersion', 'tfjs', 'tfjsVersion'] as const).every(
    (key) => record[key] === options[key],
  );

/** What the setup needs from outside. */
export interface SetupEnvironment {
  readonly run: RunCommand;
  /** Told what happens, a line at a time. */
  readonly say: (line: string) => void;
  readonly platform: NodeJS.Platform;
}

/**
 * Builds tfjs-node against TensorFlow's library from its Python package. Does nothing where a former setup of the same
 * parts works; continues after one that was interrupted.
 *
 * @returns the version of TensorFlow's library
 * @throws LimbeckError PRECONDITION for a missing tool, DOWNLOAD_FAILED, NOT_FOUND, VERIFY_FAILED, WRITE_FAILED, or
 * BACKEND_FAILED where the binding cannot be compiled or does not load
 */
export async function setupTfjs(options: SetupOptions, environment: SetupEnvironment): Promise<string> {
  const { run, say, platform } = environment;
  const { home, wheel, tensorflowVersion, tfjs, tfjsVersion } = options;
  if (platform !== 'linux') {
    throw new LimbeckError('PRECONDITION', `this setup knows Linux only, not ${platform}`, {
      hint: `npm install ${tfjs}, whose own installation fetches a library for ${platform}`,
    });
  }
  const record = await readRecord(home);
  if (!options.force && record !== undefined && sameParts(record, options)) {
    const trial = await probe(run, packageFolder(options));
    if ('tensorflow' in trial) {
      say(`${tfjs} ${tfjsVersion} with TensorFlow ${trial.tensorflow} is set up in ${home}`);
      return trial.tensorflow;
    }
    say(`what is in ${home} does not load (${trial.fault}): building anew`);
  }
  await checkTools(run);
  const python = await findPython(run);
  await rm(recordFile(home), { force: true });

  const found = await resolveWheel(run, python, options);
  const library = path.join(home, 'tensorflow', `${wheel}-${tensorflowVersion}`);
  const unpacked = path.join(library, 'sha256');
  const present = existsSync(unpacked) ? (await readFile(unpacked, 'utf8')).trim() : undefined;
  if (present === found.sha256 && !options.force) say(`${wheel} ${tensorflowVersion} is unpacked already`);
  else {
    say(`downloading ${wheel} ${tensorflowVersion} with pip (sha256 ${found.sha256})`);
    const file = await downloadWheel(run, python, found, options, say);
    say('unpacking its library and headers');
    await rm(library, { recursive: true, force: true });
    await unpackWheel(run, python, file, library);
    await rm(path.dirname(file), { recursive: true, force: true });
    // written last: without it the folder counts as unfinished
    await writeFile(unpacked, `${found.sha256}\n`);
  }
  say(`installing ${tfjs} ${tfjsVersion} with npm, without its own download`);
  await installTfjs(run, options);
  await linkLibrary(library, options);
  say('compiling the binding');
  await buildBinding(run, options);
  const trial = await probe(run, packageFolder(options));
  if ('fault' in trial) {
    throw new LimbeckError('BACKEND_FAILED', `the binding was compiled but does not load: ${trial.fault}`, {
      hint: 'a library of the system may be missing, or --tensorflow names a version that does not fit',
    });
  }
  await mkdir(home, { recursive: true });
  const parts: SetupRecord = { wheel, tensorflowVersion, sha256: found.sha256, tfjs, tfjsVersion };
  await writeFile(recordFile(home), `${JSON.stringify(parts, null, 2)}\n`);
  say(`${tfjs} ${tfjsVersion} with TensorFlow ${trial.tensorflow} is ready in ${packageFolder(options)}`);
  return trial.tensorflow;
}
