import { constants, existsSync } from 'node:fs';
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { bundled } from '../bundled.js';
import { searchPlaces } from '../config/loaders.js';
import { openHost } from '../config/open-config.js';
import { type Choices, configText, fileNames } from '../init/template.js';
import type { Io } from '../io.js';
import { print } from '../output/print.js';

export interface InitOptions {
  readonly format?: Choices['format'];
  readonly data?: string;
  readonly student?: string;
  readonly alone?: boolean;
  readonly yes?: boolean;
}

/** `limbeck init`: a configuration to start from, with comments, and the bundled teacher beside it. */
export async function init(io: Io, options: InitOptions): Promise<void> {
  await refuseSecond(io.cwd);
  const choices = await choose(io, options);
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

async function choose(io: Io, { format, data, student, alone, yes }: InitOptions): Promise<Choices> {
  const host = await openHost();
  try {
    const defaults: Choices = {
      format: format ?? (existsSync(path.join(io.cwd, 'package.json')) ? 'ts' : 'yaml'),
      data: data ?? 'fashion-mnist-subset',
      student: student ?? 'resnet8',
      // the bundled teacher knows one kind of image
      teacher: alone !== true && (data ?? 'fashion-mnist').startsWith('fashion-mnist'),
    };
    const asked =
      !yes &&
      io.stdin.isTTY === true &&
      io.stdout.isTTY === true &&
      Object.values({ format, data, student, alone }).every((value) => value === undefined);
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
