import { elementBytes } from '../element-types.js';
import { FormatError } from '../errors.js';
import { runPickle } from '../pickle/machine.js';
import type { PickleValue } from '../pickle/values.js';
import { openZip, type ZipArchive } from '../zip/read.js';
import { torchLibrary } from './library.js';
import { StorageTable } from './storage-table.js';

/** What `torch.save` has written since PyTorch 1.6: a zip archive of one folder with a pickle and a file for each storage. */
export function readZipCheckpoint(bytes: Uint8Array, source: string): PickleValue {
  const archive = openZip(bytes, source);
  const folder = folderOf(archive, source);
  const order = text(archive, `${folder}/byteorder`);
  if (order !== undefined && order !== 'little') {
    throw new FormatError('BAD_FILE', `${source}: its byte order is ${order}, which is not read`, {
      details: { source },
    });
  }
  const storages = new StorageTable(({ key, dtype, size }, fail) => {
    const entry = `${folder}/data/${key}`;
    if (!archive.has(entry)) return fail(`there is no storage '${key}'`);
    const needed = size * elementBytes(dtype);
    const present = archive.sizeOf(entry);
    if (present !== needed) fail(`the storage '${key}' takes ${needed} bytes, ${present} are there`);
    return () => archive.read(entry);
  });
  const pickle = archive.read(`${folder}/data.pkl`);
  return runPickle(pickle, torchLibrary(source, storages.find), { source }).value;
}

/** The one folder of the archive: the name it was saved under. */
function folderOf({ names, has }: ZipArchive, source: string): string {
  const folders = names.flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? []);
  const [folder] = folders;
  if (folder === undefined || folders.length > 1) {
    throw new FormatError('BAD_FILE', `${source}: this zip archive is no checkpoint of PyTorch`, {
      hint: 'a checkpoint has one folder with a data.pkl in it',
      details: { source },
    });
  }
  if (has(`${folder}/constants.pkl`)) {
    throw new FormatError('BAD_FILE', `${source}: this is a TorchScript program, which is not read`, {
      hint: 'in Python, save only the weights: torch.save(model.state_dict(), FILE)',
      details: { source },
    });
  }
  return folder;
}

function text(archive: ZipArchive, name: string): string | undefined {
  return archive.has(name) ? new TextDecoder().decode(archive.read(name)).trim() : undefined;
}
