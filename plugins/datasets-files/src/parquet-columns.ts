import type { FileMetaData } from 'hyparquet';
import { badData } from './failure.js';

/** Columns that a user names. */
export interface GivenColumns {
  readonly image?: string | undefined;
  readonly label?: string | undefined;
}

/** Columns that are read. */
export interface ChosenColumns {
  readonly image: string;
  /** Undefined where there are no labels. */
  readonly label: string | undefined;
}

/** Columns that pictures and labels go under; the first that is there counts. */
const usual = {
  image: ['image', 'img', 'images', 'jpg', 'png'],
  label: ['label', 'labels', 'fine_label', 'target', 'class', 'cls'],
};

/**
 * Finds the columns of pictures and labels: those that a user names, those that the `datasets` library marks as such, or those
 * with a usual name.
 *
 * @throws LimbeckError BAD_DATA naming the file and the columns it has
 */
export function chooseColumns(file: string, metadata: FileMetaData, given: GivenColumns): ChosenColumns {
  const names = topColumns(metadata.schema);
  const features = featuresOf(metadata);
  const find = (kind: 'image' | 'label', type: string): string | undefined => {
    const own = given[kind];
    if (own !== undefined && !names.includes(own)) {
      throw badData(
        file,
        `has no column '${own}': its columns are ${names.join(', ')}`,
        `say another one with data.${kind}`,
      );
    }
    const marked = names.filter((name) => features[name]?._type === type);
    const known = usual[kind];
    return (
      own ??
      known.find((name) => marked.includes(name)) ??
      marked[0] ??
      known.find((name) => names.includes(name))
    );
  };
  const image = find('image', 'Image');
  if (image !== undefined) return { image, label: find('label', 'ClassLabel') };
  throw badData(
    file,
    `has no column of pictures: its columns are ${names.join(', ')}`,
    'say which one with data.image',
  );
}

/** Names of the classes of a column, which the `datasets` library keeps in the file's metadata. */
export function classNamesOf(metadata: FileMetaData, label: string): readonly string[] | undefined {
  const names = featuresOf(metadata)[label]?.names;
  return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
}

type Features = Readonly<Record<string, { readonly _type?: unknown; readonly names?: unknown } | null>>;

function featuresOf(metadata: FileMetaData): Features {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  try {
    const { info } = JSON.parse(text ?? '{}') as { info?: { features?: Features } };
    return info?.features ?? {};
  } catch {
    return {};
  }
}

/** Names of the columns at the top of a schema, which is a tree written depth first. */
function topColumns(schema: FileMetaData['schema']): string[] {
  const names: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) names.push(schema[at]!.name);
  return names;
}
