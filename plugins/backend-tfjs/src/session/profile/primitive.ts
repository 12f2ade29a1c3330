/** One primitive of oneDNN that was executed. */
export interface Primitive {
  /** Kind and direction, such as `convolution backward weights`. */
  readonly operation: string;
  /** Sizes, and for a reorder the memory formats, in oneDNN's notation. */
  readonly shape: string;
  readonly implementation: string;
  /** When it began, in milliseconds of the machine's clock. */
  readonly begin: number;
  readonly milliseconds: number;
}

/** What every line of oneDNN's log begins with. */
const prefix = 'onednn_verbose,';

/** Fields between the word `exec` and the end of a line: engine, kind, implementation, direction, ..., sizes, milliseconds. */
const fewestFields = 7;

/**
 * Reads a line of the log that oneDNN writes where `ONEDNN_VERBOSE` and `ONEDNN_VERBOSE_TIMESTAMP` are 1. Versions differ in
 * what stands before the word `exec`, and in the number of fields between direction and sizes.
 *
 * @returns undefined for any other line: another program's, a note of oneDNN's own, one that is cut
 */
export function parsePrimitive(line: string): Primitive | undefined {
  if (!line.startsWith(prefix)) return undefined;
  const fields = line.trimEnd().split(',');
  const verb = fields.findIndex((field) => /^exec(:|$)/.test(field));
  if (verb < 1 || fields.length - verb - 1 < fewestFields) return undefined;
  const stamp = fields.slice(1, verb).find((field) => /^\d+\.\d+$/.test(field));
  const milliseconds = numberOf(fields.at(-1)!);
  if (stamp === undefined || milliseconds === undefined) return undefined;
  const [kind, implementation, direction, memory] = fields.slice(verb + 2) as [
    string,
    string,
    string,
    string,
  ];
  if (kind === '') return undefined;
  const formats = kind === 'reorder' ? formatsOf(memory) : undefined;
  return {
    operation: [kind, directionOf(direction)].join(' ').trim().replaceAll('_', ' '),
    shape: [fields.at(-2), formats].filter(Boolean).join(' '),
    implementation,
    begin: Number(stamp),
    milliseconds,
  };
}

/** A time as C prints it, `1e-05` included. */
function numberOf(text: string): number | undefined {
  return /^\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Training and inference are told apart by what else a step does, not by this. */
function directionOf(direction: string): string {
  if (direction === 'undef') return '';
  return direction.startsWith('forward') ? 'forward' : direction;
}

/** What a reorder changes: element type and order in memory, from and to. */
function formatsOf(memory: string): string | undefined {
  const [from, to] = ['src', 'dst'].map((side) =>
    new RegExp(`\\b${side}[_:](\\w+):\\w*:\\w+:(\\w*)`).exec(memory)?.slice(1).join(':'),
  );
  return from === undefined || to === undefined ? undefined : `${from} -> ${to}`;
}
