import { execFileSync } from 'node:child_process';
import { openSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { finish, hasFinished, start, wait } from './command.js';

/** Where a trial takes place. */
export interface Place {
  /** Folder of the project. */
  readonly cwd: string;
  /** Numbers from 0 to 1. */
  readonly random: () => number;
  /** Milliseconds that an undisturbed run takes. */
  readonly typical: number;
}

/** Something that happens to a run; gives the folders of the runs that must have come to the same bits. */
export type Trial = (place: Place) => Promise<readonly string[]>;

/** A run that is stopped this often will be left alone. */
const mostStops = 12;

/** Starts or goes on, and sends a signal after a while; until the run has finished. */
async function interrupted(
  place: Place,
  signals: readonly NodeJS.Signals[],
  between = (folder: string) => folder,
): Promise<string> {
  const { cwd, random, typical } = place;
  let folder = 'run';
  for (let stops = 0; stops < mostStops && !hasFinished(join(cwd, folder)); stops++) {
    const args = stops === 0 || !isBegun(join(cwd, folder)) ? ['--out', folder] : ['--resume', folder];
    const { child, ended } = start(['train', ...args], cwd);
    await Promise.race([ended, wait(random() * typical * 1.1)]);
    child.kill(signals[Math.floor(random() * signals.length)]!);
    await ended;
    folder = between(folder);
  }
  if (!hasFinished(join(cwd, folder))) await expectDone(folder, cwd);
  return join(cwd, folder);
}

const isBegun = (folder: string): boolean => {
  try {
    return readdirSync(folder).includes('config.json');
  } catch {
    return false;
  }
};

async function expectDone(folder: string, cwd: string): Promise<void> {
  const { code, signal, said } = await finish(folder, cwd);
  if (code !== 0) throw new Error(`it ended with ${code ?? signal}: ${said}`);
}

const killed: Trial = async (place) => [await interrupted(place, ['SIGKILL'])];

const asked: Trial = async (place) => [await interrupted(place, ['SIGINT', 'SIGTERM', 'SIGHUP'])];

const moved: Trial = async (place) => {
  let n = 0;
  const move = (folder: string) => {
    const next = `moved-${++n}`;
    try {
      renameSync(join(place.cwd, folder), join(place.cwd, next));
    } catch {
      return folder; // not begun
    }
    return next;
  };
  return [await interrupted(place, ['SIGKILL', 'SIGTERM'], move)];
};

/** Several without a folder of their own, and all of them on one. */
const atOnce: Trial = async ({ cwd }) => {
  const runs = await Promise.all(Array.from({ length: 4 }, () => start(['train'], cwd).ended));
  const failed = runs.find(({ code }) => code !== 0);
  if (failed !== undefined)
    throw new Error(`one of four ended with ${failed.code ?? failed.signal}: ${failed.said}`);
  const folders = readdirSync(join(cwd, 'runs')).filter((name) => name.startsWith('speck-'));
  if (folders.length !== 4) throw new Error(`four runs made ${folders.length} folders`);
  const same = await Promise.all([1, 2].map(() => start(['train', '--out', 'shared'], cwd).ended));
  const done = same.filter(({ code }) => code === 0).length;
  if (done !== 1) throw new Error(`${done} of two finished in one folder`);
  return [...folders.map((name) => join(cwd, 'runs', name)), join(cwd, 'shared')];
};

/** Every write to the terminal fails, or nobody reads it. */
const mute: Trial = async ({ cwd }) => {
  const full = openSync('/dev/full', 'w');
  const { code, signal } = await start(['train', '--out', 'run'], cwd, ['ignore', full, full]).ended;
  if (code !== 0) throw new Error(`with a full log disk it ended with ${code ?? signal}`);
  const unread = start(['train', '--out', 'unread'], cwd);
  unread.child.stdout!.destroy();
  unread.child.stderr!.destroy();
  const end = await unread.ended;
  if (end.code !== 0) throw new Error(`with nobody to read it ended with ${end.code ?? end.signal}`);
  return ['run', 'unread'].map((name) => join(cwd, name));
};

/** A disk that fills up, and is made larger until the run has room. */
const full: Trial = async ({ cwd, random }) => {
  const disk = join(cwd, 'disk');
  execFileSync('mkdir', [disk]);
  let kilobytes = 8 + Math.floor(40 * random());
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', disk]);
  try {
    for (; !hasFinished(join(disk, 'run')); kilobytes = Math.ceil(kilobytes * 1.5)) {
      execFileSync('mount', ['-o', `remount,size=${kilobytes}k`, disk]);
      const { code, signal, said } = await finish('disk/run', cwd);
      if (code !== 0 && !said.includes('WRITE_FAILED'))
        throw new Error(`on a full disk it ended with ${code ?? signal}: ${said}`);
      if (kilobytes > 65_536) throw new Error('the run needs over 64 MB');
    }
    renameOut(disk, cwd);
  } finally {
    execFileSync('umount', [disk]);
  }
  return [join(cwd, 'run')];
};

const renameOut = (disk: string, cwd: string): void => {
  execFileSync('cp', ['-r', join(disk, 'run'), join(cwd, 'run')]);
};

/** Whether this user may mount a small disk. */
function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/** Everything that is tried here, by name. */
export function trials(): ReadonlyMap<string, Trial> {
  const all: [string, Trial][] = [
    ['killed', killed],
    ['asked to stop', asked],
    ['moved', moved],
    ['four at once', atOnce],
  ];
  if (process.platform === 'linux') all.push(['mute', mute]);
  if (canMount()) all.push(['full disk', full]);
  return new Map(all);
}
