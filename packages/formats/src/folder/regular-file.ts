import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A pipe without a writer is opened at once, and seen for what it is; to files the flag means nothing. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Refuses pipes, devices and sockets, whose reading may never end. */
function check(stats: Stats): void {
  if (stats.isFile()) return;
  const kind = stats.isDirectory()
    ? 'a folder'
    : stats.isFIFO()
      ? 'a pipe'
      : stats.isSocket()
        ? 'a socket'
        : 'a device';
  throw new Error(`it is ${kind} and no file`);
}

/** Opens a file to be read. @throws Error where it is something else, such as a pipe or a device */
export async function openRegularFile(file: string): Promise<FileHandle> {
  const handle = await open(file, flags);
  try {
    check(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** As {@link openRegularFile}, at once; gives a descriptor. */
export function openRegularFileSync(file: string): number {
  const handle = openSync(file, flags);
  try {
    check(fstatSync(handle));
    return handle;
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

/** Reads a whole file. @throws Error where it is something else, or has more bytes than `most` */
export async function readRegularFile(file: string, most = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const handle = await openRegularFile(file);
  try {
    const { size } = await handle.stat();
    if (size > most) throw new Error(`it has ${size} bytes, and at most ${most} are read`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
