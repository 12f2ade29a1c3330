import type { ProtoReader } from '../protobuf/reader.js';
import type { OnnxOpset } from './model.js';
import { fields } from './numbers.js';
import { passOver } from './pass-over.js';

/** What an object of an operator set takes. */
const opsetObject = 128;

/** Reads a version of an operator set. */
export function readOpset(reader: ProtoReader): OnnxOpset {
  reader.take(opsetObject);
  let domain = '';
  let version = 0;
  while (reader.next()) {
    if (reader.field === fields.opset.domain) domain = reader.string();
    else if (reader.field === fields.opset.version) version = readVersion(reader);
    else passOver(reader, 'opset');
  }
  return { domain, version };
}

/** Reads a version of the format or of operators. */
export function readVersion(reader: ProtoReader): number {
  const version = reader.int();
  return typeof version === 'number' ? version : reader.fail(`${version} is no version`);
}
