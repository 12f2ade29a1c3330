import { LimbeckError } from '@limbeck/core';
import { formatShape, type Shape, sameShape } from '@limbeck/graph';
import type { Weights } from '../run/weights.js';
import type { WeightsTarget } from './load.js';

/** Where weights and a model do not agree. */
export interface Misfits {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshapen: readonly { readonly name: string; readonly given: Shape; readonly wanted: Shape }[];
  /** Parameters and buffers of the model that fit. */
  readonly fits: number;
  /** All of the model. */
  readonly all: number;
  /** Rules for names under which everything would fit, as a configuration has them. */
  readonly rename: string | undefined;
  /** Part of the file whose names are read, where there are others: `student`. */
  readonly part: string | undefined;
}

/** What is the matter with weights that do not fit, and what to do. */
export function mismatch(weights: Weights, target: WeightsTarget, found: Misfits): LimbeckError {
  const { source, metadata, unread } = weights;
  const { role, classes } = target;
  const { missing, unexpected, misshapen, fits, all, rename } = found;
  const shown = misshapen.map(
    ({ name, given, wanted }) => `${name} is ${formatShape(given)}, the model has ${formatShape(wanted)}`,
  );
  const details = { source, missing, unexpected, misshapen, ...(rename === undefined ? {} : { rename }) };
  const other = otherClasses(found, classes) ?? otherChannels(found);
  if (other !== undefined) {
    return new LimbeckError('WEIGHTS_MISMATCH', `${source} holds a ${role} ${other}: ${shown.join('; ')}`, {
      hint:
        target.mayDraw && otherClasses(found, classes) !== undefined
          ? 'a student may take the rest with a new classifier: weights: { file: FILE, head: new }'
          : 'take weights trained on this data set, or the data set the weights were trained on',
      details,
    });
  }
  const backbone = metadata?.['limbeck.backbone'];
  const options = metadata?.['limbeck.options'];
  const holds =
    backbone === undefined
      ? ''
      : `, the weights of '${backbone}'${options === undefined ? '' : ` ${options}`},`;
  const opaque = missing.flatMap((name) => {
    const maker = unread?.get(name);
    return maker === undefined ? [] : [`${name} is made by ${maker}, which is not run`];
  });
  const count = fits === 0 ? '' : ` ${fits} of ${all} fit;`;
  const lists = [
    list('missing', missing),
    list('unexpected', unexpected),
    list('misshapen', shown),
    list('not read', opaque),
  ];
  return new LimbeckError(
    'WEIGHTS_MISMATCH',
    `${source}${holds} does not fit ${role}:${count}${lists.join('')}`,
    { hint: hintOf(found), details },
  );
}

function hintOf({ missing, unexpected, misshapen, rename, fits, all, part }: Misfits): string {
  if (rename !== undefined) {
    return `the shapes agree, only the names differ; add this beside the weights - ${rename}`;
  }
  if (missing.length + misshapen.length === 0) {
    const own = part === undefined ? '' : `if the part '${part}' is meant, say entry: ${part}; `;
    return `${own}leave tensors out that belong to no model: weights: { file: FILE, drop: '${patternOf(unexpected)}' }`;
  }
  return 2 * fits > all
    ? 'most of it fits: do options of the model differ? strict: false takes what fits'
    : 'are these weights of another architecture?';
}

/** A pattern for some names: what they begin with, or the first of them. */
function patternOf(names: readonly string[]): string {
  const [first = ''] = names;
  const start = first.includes('.') ? first.slice(0, first.indexOf('.') + 1) : first;
  const literal = start.replace(/[.*+?^${}()|[\]\\]/g, (sign) => `[${sign === '^' ? '\\^' : sign}]`);
  return `^${literal}${start.endsWith('.') ? '' : '$'}`;
}

const listed = 10;

/** Names of one kind, a line. */
export function list(kind: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > listed ? `; and ${names.length - listed} more` : '';
  return `\n  ${names.length} ${kind}: ${names.slice(0, listed).join('; ')}${more}`;
}

/** Says so where the number of classes is all that differs. */
function otherClasses(
  { missing, unexpected, misshapen }: Misfits,
  classes: number | undefined,
): string | undefined {
  const trained = misshapen[0]?.given[0];
  const onlyClasses =
    missing.length + unexpected.length === 0 &&
    misshapen.every(
      ({ given, wanted }) =>
        wanted[0] === classes && given[0] === trained && sameShape(given.slice(1), wanted.slice(1)),
    );
  return onlyClasses && trained !== undefined ? `for ${trained} classes, the data has ${classes}` : undefined;
}

/** Says so where the first convolution's input channels are all that differs. */
function otherChannels({ missing, unexpected, misshapen }: Misfits): string | undefined {
  const [only] = misshapen;
  if (only === undefined || misshapen.length > 1 || missing.length + unexpected.length > 0) return undefined;
  const { given, wanted } = only;
  const channels = given.length === 4 && sameShape(given.toSpliced(1, 1), wanted.toSpliced(1, 1));
  return channels ? `for images of ${given[1]} channels, the model takes ${wanted[1]}` : undefined;
}
