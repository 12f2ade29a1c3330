import { constants, existsSync } from 'node:fs';
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { bundled } from '../bundled.js';
import { searchPlaces } from '../config/loaders.js';
import { openHost } from '../config/open-config.js';
import { describeFolder, folderConfigText } from '../init/folder-template.js';
import { chooseFor, lookAtFolder } from '../init/look-at-folder.js';
import { type Choices, configText, fileNames } from '../init/template.js';
import type { Io } from '../io.js';
import { print } from '../output/print.js';

export interface InitOptions {
  /** Folder of the user's own pictures. */
  readonly folder?: string;
  readonly imageSize?: number;
  /** Id of the teacher, for a folder of pictures. */
  readonly teacher?: string;
  readonly teacherWeights?: string;
  readonly format?: Choices['format'];
  readonly data?: string;
  readonly student?: string;
  readonly alone?: boolean;
  readonly yes?: boolean;
}

/**
 * `limbeck init [FOLDER]`: a configuration to start from, with comments: for a folder of pictures, or for published data with
 * the bundled teacher beside it.
 */
export async function init(io: Io, options: InitOptions): Promise<void> {
  await refuseSecond(io.cwd);
  const format = options.format ?? (existsSync(path.join(io.cwd, 'package.json')) ? 'ts' : 'yaml');
  const isAsked = asks(io, options);
  const folder = options.folder ?? (isAsked ? await (await import('../init/ask.js')).askFolder() : undefined);
  if (folder !== undefined) {
    await initFolder(io, { ...options, folder, format });
    return;
  }
  const alien = Object.entries({
    '--image-size': options.imageSize,
    '--teacher': options.teacher,
    '--teacher-weights': options.teacherWeights,
  }).find(([, value]) => value !== undefined);
  if (alien !== undefined) {
    throw new LimbeckError('USAGE', `${alien[0]} is for a folder of pictures`, {
      hint: 'limbeck init FOLDER',
    });
  }
  const choices = await choose({ ...options, format }, isAsked);
  const file = path.join(io.cwd, fileNames[choices.format]);
  const written = [file];
  if (choices.teacher) {
    const teacher = path.join(io.cwd, 'teacher.safetensors');
    await saving(teacher, () => copyFile(bundled.teacher, teacher, constants.COPYFILE_EXCL));
    written.push(teacher);
  }
  await saving(file, () => writeFile(file, configText(choices), { flag: 'wx' }));
  print(io, ...written.map((one) => `wrote ${path.relative(io.cwd, one)}`), "next: 'limbeck train'");
}

/** Two configurations in one folder would leave it to the order of names which one counts. */
async function refuseSecond(folder: string): Promise<void> {
  const there = (await readdir(folder)).find(
    (name) => name !== 'package.json' && searchPlaces.includes(name),
  );
  if (there === undefined) return;
  throw new LimbeckError('ALREADY_EXISTS', `${path.join(folder, there)} is there already`, {
    hint: 'edit it, or go to another folder',
    details: { path: path.join(folder, there) },
  });
}

/** Whether there is somebody to ask, and nothing is said. */
const asks = ({ stdin, stdout }: Io, { yes, folder, format, data, student, alone }: InitOptions): boolean =>
  !yes &&
  stdin.isTTY === true &&
  stdout.isTTY === true &&
  Object.values({ folder, format, data, student, alone }).every((value) => value === undefined);

/** A configuration for pictures of the user's own. */
async function initFolder(
  io: Io,
  options: InitOptions & { readonly folder: string; readonly format: Choices['format'] },
): Promise<void> {
  const { folder, format, student, imageSize, teacher, teacherWeights, data } = options;
  if (data !== undefined) {
    throw new LimbeckError('USAGE', 'a folder of pictures and --data cannot both be given', {
      hint: 'leave one of them out',
    });
  }
  if (teacher !== undefined && teacherWeights === undefined) {
    throw new LimbeckError('USAGE', '--teacher needs --teacher-weights', {
      hint: 'name the file of its weights, or the folder of the run that trained it',
    });
  }
  const host = await openHost();
  try {
    const found = await lookAtFolder(folder, io.cwd, host);
    const chosen = chooseFor(found, { student, imageSize });
    const choices = { ...chosen, format, weights: teacherWeights, teacher: teacher ?? chosen.teacher };
    host.get('backbones', choices.student);
    host.get('backbones', choices.teacher);
    const file = path.join(io.cwd, fileNames[format]);
    await saving(file, () => writeFile(file, folderConfigText(choices), { flag: 'wx' }));
    print(
      io,
      describeFolder(choices),
      `wrote ${path.relative(io.cwd, file)}: ${choices.student} on ${choices.imageSize} x ${choices.imageSize} pixels, batches of ${choices.batchSize}`,
      "next: 'limbeck train --plan', then 'limbeck train'",
    );
  } finally {
    await host.dispose();
  }
}

async function choose(
  { format, data, student, alone }: InitOptions & { readonly format: Choices['format'] },
  asked: boolean,
): Promise<Choices> {
  const host = await openHost();
  try {
    const defaults: Choices = {
      format,
      data: data ?? 'fashion-mnist-subset',
      student: student ?? 'resnet8',
      // the bundled teacher knows one kind of image
      teacher: alone !== true && (data ?? 'fashion-mnist').startsWith('fashion-mnist'),
    };
    const ids = host.list('datasets').map(({ id }) => id);
    const choices = asked ? await (await import('../init/ask.js')).askChoices(defaults, ids) : defaults;
    // an unknown name is told now, with suggestions
    host.get('datasets', choices.data);
    host.get('backbones', choices.student);
    return choices;
  } finally {
    await host.dispose();
  }
}

async function saving(file: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const exists = code === 'EEXIST';
    throw new LimbeckError(
      exists ? 'ALREADY_EXISTS' : 'WRITE_FAILED',
      exists ? `${file} is there already` : `cannot write ${file}: ${message}`,
      {
        hint: exists ? 'move it away, or go to another folder' : 'go to a folder you may write to',
        details: { path: file },
        cause,
      },
    );
  }
}
