import fc from 'fast-check';

const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const short = (value: string): number[] => [0x8c, value.length, ...text(value)];
const named = (module: string, name: string): number[] => [0x63, ...text(`${module}\n${name}\n`)];

/** Instructions of a pickle, with arguments that make sense more often than not. */
const instruction: fc.Arbitrary<number[]> = fc.oneof(
  // values, marks, containers, calls, the memo: single bytes
  { weight: 8, arbitrary: fc.constantFrom(...text('()]}N0125aetubsRQld')).map((code) => [code]) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x93, 0x94)
      .map((code) => [code]),
  },
  { weight: 3, arbitrary: fc.nat(255).map((value) => [0x4b, value]) },
  { weight: 3, arbitrary: fc.nat(7).map((index) => [0x71, index]) },
  { weight: 3, arbitrary: fc.nat(7).map((index) => [0x68, index]) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => [0x4a, ...bytes]) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 9 }).map((bytes) => [0x8a, bytes.length, ...bytes]) },
  {
    weight: 4,
    arbitrary: fc.constantFrom('storage', '0', 'cpu', 'w', 'state_dict', 'latin1', 'f8').map(short),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(
        ['collections', 'OrderedDict'],
        ['torch', 'FloatStorage'],
        ['torch', 'ByteStorage'],
        ['torch._utils', '_rebuild_tensor_v2'],
        ['torch._utils', '_rebuild_parameter'],
        ['torch._tensor', '_rebuild_from_type_v2'],
        ['torch', 'Size'],
        ['numpy', 'dtype'],
        ['numpy.core.multiarray', 'scalar'],
        ['_codecs', 'encode'],
        ['argparse', 'Namespace'],
        ['builtins', 'set'],
        ['os', 'system'],
      )
      .map(([module, name]) => named(module!, name!)),
  },
  { weight: 1, arbitrary: fc.nat(255).map((code) => [code]) },
);

/** A whole tensor, to be put anywhere: `_rebuild_tensor_v2(storage, offset, shape, strides, False, None)`. */
const tensor: fc.Arbitrary<number[]> = fc
  .record({
    // of the sixteen bytes there are; the last of another size
    storage: fc.constantFrom(
      ['FloatStorage', 4],
      ['ByteStorage', 16],
      ['BoolStorage', 16],
      ['HalfStorage', 7],
    ),
    offset: fc.nat(4),
    axes: fc.array(fc.record({ extent: fc.nat(4), stride: fc.nat(4) }), { maxLength: 2 }),
  })
  .map(({ storage: [type, size], offset, axes }) => [
    ...named('torch._utils', '_rebuild_tensor_v2'),
    ...[0x28, 0x28, ...short('storage'), ...named('torch', String(type)), ...short('0'), ...short('cpu')],
    ...[0x4b, Number(size), 0x74, 0x51, 0x4b, offset],
    ...[0x28, ...axes.flatMap(({ extent }) => [0x4b, extent]), 0x74],
    ...[0x28, ...axes.flatMap(({ stride }) => [0x4b, stride]), 0x74],
    ...[0x89, 0x4e, 0x74, 0x52],
  ]);

const item = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'd', 'w'), tensor)
  .map(([name, value]) => [...short(name), ...value, 0x73]);

/** A pickle made up of instructions; half of them are a dict of tensors with a few instructions between, so that they get far. */
export const pickles: fc.Arbitrary<Uint8Array> = fc
  .oneof(
    fc.array(fc.oneof({ weight: 6, arbitrary: instruction }, { weight: 1, arbitrary: item }), {
      maxLength: 24,
    }),
    fc
      .array(fc.oneof({ weight: 1, arbitrary: instruction }, { weight: 4, arbitrary: item }), {
        maxLength: 4,
      })
      .map((parts) => [[0x7d], ...parts]),
  )
  .map((parts) => Uint8Array.from([0x80, 2, ...parts.flat(), 0x2e]));
