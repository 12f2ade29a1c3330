import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { op } from '../pickle/opcodes.js';
import { PickleWriter } from '../pickle/writer.js';
import { failure } from '../testing/failure.js';
import { writeZip } from '../zip/write.js';
import { readTorch } from './read.js';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

/** A checkpoint around a pickle and some storages. */
function checkpoint(
  write: (pickle: PickleWriter) => void,
  storages: Record<string, Uint8Array> = {},
  folder = 'archive',
): Uint8Array {
  const pickle = new PickleWriter();
  write(pickle);
  return writeZip([
    [`${folder}/data.pkl`, pickle.finish()],
    ...Object.entries(storages).map(([key, bytes]) => [`${folder}/data/${key}`, bytes] as const),
  ]);
}

interface View {
  readonly type?: string;
  readonly key?: string;
  readonly size?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** `{'w': tensor}`, its tensor's declaration right or wrong. */
function tensor(pickle: PickleWriter, view: View, name = 'w'): void {
  const { type = 'FloatStorage', key = '0', size = 4, offset = 0, shape = [4], strides = [1] } = view;
  pickle.text(name);
  pickle.global('torch._utils', '_rebuild_tensor_v2');
  pickle.put(op.MARK, op.MARK);
  pickle.text('storage');
  pickle.global('torch', type);
  pickle.text(key);
  pickle.text('cpu');
  pickle.count(size);
  pickle.put(op.TUPLE, op.BINPERSID);
  pickle.count(offset);
  pickle.counts(shape);
  pickle.counts(strides);
  pickle.put(op.NEWFALSE, op.NONE, op.TUPLE, op.REDUCE);
}

const four = { 0: new Uint8Array(16) };
const single = (view: View, storages: Record<string, Uint8Array> = four) =>
  checkpoint((pickle) => {
    pickle.put(op.EMPTY_DICT);
    tensor(pickle, view);
    pickle.put(op.SETITEM);
  }, storages);
const calling = (module: string, name: string, argument: string) =>
  checkpoint((pickle) => {
    pickle.global(module, name);
    pickle.text(argument);
    pickle.put(op.TUPLE1, op.REDUCE);
  });
const just = (...code: number[]) => checkpoint((pickle) => pickle.put(...code));
const repeated = (count: number, ...code: number[]) =>
  writeZip([
    ['archive/data.pkl', Uint8Array.from({ length: count * code.length }, (_, i) => code[i % code.length]!)],
  ]);

describe('a hostile checkpoint', () => {
  it.each<[string, string, string]>([
    ['posix', 'system', 'touch pwned'],
    ['os', 'system', 'touch pwned'],
    ['builtins', 'eval', '1'],
    ['builtins', 'exec', '1'],
    ['builtins', 'getattr', 'x'],
    ['builtins', 'print', 'x'],
    ['subprocess', 'Popen', 'x'],
    ['torch', 'load', 'x'],
    ['torch.storage', '_load_from_bytes', 'x'],
    ['torch.hub', 'load', 'x'],
    ['numpy', 'load', 'x'],
    ['collections', 'namedtuple', 'x'],
    ['__proto__', 'constructor', 'x'],
    ['Object', 'constructor', 'x'],
    ['models.resnet', 'ResNet', 'x'],
  ])('may not ask for %s.%s', (module, name, argument) => {
    const read = () => readTorch(calling(module, name, argument), { source: 'evil.pth' });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(`evil.pth: it asks for ${module}.${name}, which is not plain data and is not run`);
  });

  const stop: [string, () => Uint8Array, string][] = [
    ['nothing', () => new Uint8Array(), 'truncated'],
    ['an empty archive', () => writeZip([]), 'no checkpoint of PyTorch'],
    [
      'two folders',
      () =>
        writeZip([
          ['a/data.pkl', new Uint8Array()],
          ['b/data.pkl', new Uint8Array()],
        ]),
      'no checkpoint of PyTorch',
    ],
    ['an empty pickle', () => writeZip([['a/data.pkl', new Uint8Array()]]), 'truncated'],
    ['a stop at once', () => just(), 'nothing is on the stack'],
    ['an unknown instruction', () => just(0xff), '0xff is no instruction'],
    ['extensions', () => just(op.EXT1, 1), '0x82 is no instruction'],
    ['protocol 6', () => just(op.PROTO, 6), 'protocol 6'],
    ['a mark alone', () => just(op.MARK), 'nothing is on the stack'],
    ['no mark', () => just(op.NONE, op.TUPLE), 'there is no mark'],
    ['what was never remembered', () => just(op.BINGET, 7), 'nothing is remembered as 7'],
    ['a call of a number', () => just(op.BININT1, 1, op.EMPTY_TUPLE, op.REDUCE), 'no global is called'],
    ['an item of no list', () => just(op.NONE, op.NONE, op.APPEND), 'appended to no list'],
    ['an item of no dict', () => just(op.NONE, op.NONE, op.NONE, op.SETITEM), 'set in no dict'],
    ['a key without value', () => just(op.EMPTY_DICT, op.MARK, op.NONE, op.SETITEMS), 'a key has no value'],
    ['a state for a number', () => just(op.NONE, op.NONE, op.BUILD), 'a state is given to what has none'],
    ['a text of 4 GB', () => just(op.BINUNICODE, 255, 255, 255, 255), '4294967295 bytes are announced'],
    [
      'a text of 2^63 bytes',
      () => just(op.BINUNICODE8, 0, 0, 0, 0, 0, 0, 0, 128),
      'truncated: 92233720368547',
    ],
    ['an integer of 4 GB', () => just(op.LONG4, 255, 255, 255, 255), 'an integer takes 4294967295 bytes'],
    ['an endless line', () => just(op.INT, ...new Array(5000).fill(0x31)), 'a line does not end'],
    ['text that is no number', () => just(op.INT, 0x78, 0x0a), "'x' is no integer"],
    ['text that is no UTF-8', () => just(op.SHORT_BINUNICODE, 1, 0xff), 'not UTF-8'],
    ['only a number', () => just(op.BININT1, 1), 'it holds 1, not a state dict'],
    ['a dict without tensors', () => just(op.EMPTY_DICT), 'no tensors are among its entries'],
    [
      'a dict in itself',
      () =>
        just(
          op.EMPTY_DICT,
          op.DUP,
          op.SHORT_BINUNICODE,
          1,
          97,
          op.BINPUT,
          0,
          op.POP,
          op.DUP,
          op.BINGET,
          0,
          op.POP,
          op.POP,
        ),
      'no tensors',
    ],
    ['a storage that is not there', () => single({ key: '9' }), "there is no storage '9'"],
    ['a storage of another size', () => single({ size: 5 }), "the storage '0' takes 20 bytes, 16 are there"],
    [
      'a storage outside the folder',
      () => single({ key: '../../../etc/passwd' }),
      "there is no storage '../../../etc/passwd'",
    ],
    [
      'a storage type',
      () => single({ type: 'ComplexFloatStorage' }),
      'it asks for torch.ComplexFloatStorage',
    ],
    ['quantised storage', () => single({ type: 'QInt8Storage' }), 'it asks for torch.QInt8Storage'],
    ['a shape beyond the storage', () => single({ shape: [5] }), 'does not lie in its storage'],
    ['an offset beyond the storage', () => single({ offset: 1 }), 'does not lie in its storage'],
    ['strides beyond the storage', () => single({ strides: [2] }), 'does not lie in its storage'],
    ['a negative stride', () => single({ strides: [2 ** 32 - 1] }), 'does not lie in its storage'],
    [
      'a huge shape',
      () => single({ shape: [2 ** 40, 2 ** 40], strides: [0, 0] }),
      'does not lie in its storage',
    ],
    ['an axis without stride', () => single({ shape: [2, 2] }), 'does not lie in its storage'],
    [
      'a thousand axes',
      () => single({ shape: new Array(1000).fill(1), strides: new Array(1000).fill(0) }),
      '1000 axes',
    ],
    [
      'a terabyte in four numbers',
      () => single({ shape: [2 ** 38], strides: [0] }),
      "over 3 times the file's",
    ],
    ['a million marks', () => repeated(1_100_000, op.MARK), 'over 1000000 values are on the stack'],
    ['a million dicts', () => repeated(700_000, op.EMPTY_DICT, op.POP), 'out of proportion'],
    [
      'a bool of 2',
      () => single({ type: 'BoolStorage' }, { 0: Uint8Array.of(0, 1, 2, 0) }),
      'other than 0 and 1',
    ],
    [
      'a key twice',
      () =>
        checkpoint((pickle) => {
          pickle.put(op.EMPTY_DICT, op.MARK);
          tensor(pickle, {});
          tensor(pickle, {});
          pickle.put(op.SETITEMS);
        }, four),
      "the key 'w' occurs twice",
    ],
    [
      'one storage of two types',
      () =>
        checkpoint((pickle) => {
          pickle.put(op.EMPTY_DICT, op.MARK);
          tensor(pickle, {});
          tensor(pickle, { type: 'IntStorage' }, 'v');
          pickle.put(op.SETITEMS);
        }, four),
      "the storage '0' is declared twice, differently",
    ],
  ];

  it.each(stop)('of %s is refused', (_, make, message) => {
    const read = () =>
      [...readTorch(make(), { source: 'evil.pth' }).tensors.values()].map(({ data }) => data);
    const error = failure(read);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^evil\.pth: /);
  });

  it('ends where a dict holds itself, and where a few tuples unfold to a billion', () => {
    const cyclic = checkpoint((pickle) => {
      pickle.put(op.EMPTY_DICT, op.BINPUT, 0);
      pickle.text('self');
      pickle.put(op.BINGET, 0, op.SETITEM);
      tensor(pickle, {});
      pickle.put(op.SETITEM);
      pickle.text('laughs');
      pickle.put(op.EMPTY_TUPLE);
      for (let i = 0; i < 60; i++) pickle.put(op.DUP, op.TUPLE2);
      pickle.put(op.SETITEM);
    }, four);
    const { tensors, metadata } = readTorch(cyclic);
    expect([...tensors.keys()]).toEqual(['w']);
    expect(metadata.self).toMatch(/^\{"self": \{"self": \{3 items\}/);
    expect(metadata.laughs).toBe('(((2 items), (2 items)), ((2 items), (2 items)))');
  });

  it('gives no name a meaning', () => {
    const bytes = checkpoint((pickle) => {
      pickle.put(op.EMPTY_DICT);
      for (const name of ['__proto__', '../../w', 'constructor']) {
        tensor(pickle, {}, name);
        pickle.put(op.SETITEM);
      }
    }, four);
    expect([...readTorch(bytes).tensors.keys()]).toEqual(['__proto__', '../../w', 'constructor']);
    expect(({} as Record<string, unknown>).shape).toBeUndefined();
  });

  it.each([
    ['the magic alone', 20],
    ['half a pickle', 400],
    ['half its storages', -40],
  ])('of the legacy form is refused when cut: %s', (_, end) => {
    const whole = fixture('torch-legacy.pth');
    expect(() => readTorch(whole.subarray(0, end))).toThrow(/truncated/);
  });

  it('of the legacy form names what is amiss', () => {
    const whole = fixture('repdistiller-legacy.pth');
    const text = new TextDecoder('latin1').decode(whole);
    const patched = (at: number, ...bytes: number[]) => {
      const copy = whole.slice();
      copy.set(bytes, at);
      return () => readTorch(copy, { source: 'old.pth' });
    };
    expect(patched(5, 0)).toThrow('old.pth: this is no checkpoint of PyTorch');
    expect(patched(18, 0xe8)).toThrow('its format is of version 1000');
    expect(patched(text.indexOf('little_endian') + 15, op.NEWFALSE)).toThrow('its byte order is not little');
  });
});
