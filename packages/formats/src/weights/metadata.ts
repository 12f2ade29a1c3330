import { FormatError } from '../errors.js';
import { isUnicode, type JsonValue, parseJson } from '../json.js';

/** An archive's comment is at most this long. */
const maxComment = 0xffff;

/** Text entries as the JSON comment of an archive; nothing where there are none. */
export function metadataComment(metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(metadata);
  if (entries.length === 0) return new Uint8Array();
  for (const [key, value] of entries) {
    if (typeof value !== 'string' || !isUnicode(key) || !isUnicode(value)) {
      throw new FormatError('BAD_DATA', `the metadata '${key}' is not Unicode text`);
    }
  }
  const pairs = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const comment = new TextEncoder().encode(`{${pairs.join(',')}}`);
  if (comment.length <= maxComment) return comment;
  throw new FormatError(
    'BAD_DATA',
    `the metadata take ${comment.length} bytes, an archive allows ${maxComment}`,
    {
      hint: 'write a safetensors file instead',
    },
  );
}

/** The entries of such a comment. Any other comment is one entry of that name; an object without prototype. */
export function readMetadata(comment: Uint8Array): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (comment.length === 0) return metadata;
  const text = new TextDecoder().decode(comment);
  const entries = entriesOf(text) ?? [['comment', text]];
  for (const [key, value] of entries) metadata[key] = value;
  return metadata;
}

function entriesOf(text: string): [string, string][] | undefined {
  let value: JsonValue;
  try {
    value = parseJson(text, 'comment');
  } catch {
    return undefined;
  }
  if (!(value instanceof Map)) return undefined;
  const entries = [...(value as ReadonlyMap<string, JsonValue>)];
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? entries
    : undefined;
}
