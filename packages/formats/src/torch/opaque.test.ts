import { describe, expect, it } from 'vitest';
import { op } from '../pickle/opcodes.js';
import { PickleWriter } from '../pickle/writer.js';
import { failure } from '../testing/failure.js';
import { writeZip } from '../zip/write.js';
import { readTorch, torchEntries } from './read.js';

const four = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

function checkpoint(write: (pickle: PickleWriter) => void): Uint8Array {
  const pickle = new PickleWriter();
  write(pickle);
  return writeZip([
    ['archive/data.pkl', pickle.finish()],
    ['archive/data/0', four],
  ]);
}

function tensor(
  pickle: PickleWriter,
  name: string,
  { type = 'FloatStorage', rebuild = '_rebuild_tensor_v2' } = {},
) {
  pickle.text(name);
  pickle.global('torch._utils', rebuild);
  pickle.put(op.MARK, op.MARK);
  pickle.text('storage');
  pickle.global('torch', type);
  pickle.text('0');
  pickle.text('cpu');
  pickle.count(4);
  pickle.put(op.TUPLE, op.BINPERSID);
  pickle.count(0);
  pickle.counts([4]);
  pickle.counts([1]);
  pickle.put(op.NEWFALSE, op.NONE, op.TUPLE, op.REDUCE, op.SETITEM);
}

/** A state dict with a value beside its tensor. */
const beside = (write: (pickle: PickleWriter) => void) =>
  checkpoint((pickle) => {
    pickle.put(op.EMPTY_DICT);
    tensor(pickle, 'w');
    pickle.text('extra');
    write(pickle);
    pickle.put(op.SETITEM);
  });

describe('an object that is no plain data', () => {
  it.each<[string, string, (pickle: PickleWriter) => void]>([
    [
      'an enum',
      'project.Mode',
      (pickle) => {
        pickle.global('project', 'Mode');
        pickle.count(1);
        pickle.put(op.TUPLE1, op.REDUCE);
      },
    ],
    [
      'a date',
      'datetime.datetime',
      (pickle) => {
        pickle.global('datetime', 'datetime');
        pickle.put(op.SHORT_BINBYTES, 1, 7, op.TUPLE1, op.REDUCE);
      },
    ],
    [
      "a dict of Lightning's",
      'lightning.AttributeDict',
      (pickle) => {
        pickle.global('lightning', 'AttributeDict');
        pickle.put(op.EMPTY_TUPLE, op.NEWOBJ, op.MARK);
        pickle.text('lr');
        pickle.count(1);
        pickle.put(op.SETITEMS);
      },
    ],
    [
      'a list with a state',
      'mmengine.HistoryBuffer',
      (pickle) => {
        pickle.global('mmengine', 'HistoryBuffer');
        pickle.put(op.EMPTY_TUPLE, op.NEWOBJ, op.NONE, op.APPEND, op.EMPTY_DICT, op.BUILD);
      },
    ],
    [
      'a method of one',
      'builtins.getattr',
      (pickle) => {
        pickle.global('builtins', 'getattr');
        pickle.global('project', 'Mode');
        pickle.text('A');
        pickle.put(op.TUPLE2, op.REDUCE, op.EMPTY_TUPLE, op.REDUCE);
      },
    ],
    [
      'a command',
      'posix.system',
      (pickle) => {
        pickle.global('posix', 'system');
        pickle.text('touch pwned');
        pickle.put(op.TUPLE1, op.REDUCE);
      },
    ],
    [
      'an object made with names',
      'project.Loss',
      (pickle) => {
        pickle.global('project', 'Loss');
        pickle.put(op.EMPTY_TUPLE, op.EMPTY_DICT);
        pickle.text('a');
        pickle.count(1);
        pickle.put(op.SETITEM, op.NEWOBJ_EX);
      },
    ],
  ])('stands aside while tensors are read: %s', (_, name, write) => {
    const { tensors, metadata, unread } = readTorch(beside(write));
    expect([...tensors].map(([key, { data }]) => [key, [...(data as Float32Array)]])).toEqual([
      ['w', [1, 2, 3, 4]],
    ]);
    expect(metadata.extra).toBe(`${name}, which is not read`);
    expect([...unread!]).toEqual([['extra', name]]);
  });

  it.each([
    ['a quantised storage', { type: 'QInt8Storage' }, 'torch.QInt8Storage'],
    ['a function of its own', { rebuild: '_rebuild_sparse_tensor' }, 'torch._utils._rebuild_sparse_tensor'],
  ])('is known by name where a tensor depends on it: %s', (_, how, name) => {
    const bytes = checkpoint((pickle) => {
      pickle.put(op.EMPTY_DICT);
      tensor(pickle, 'w');
      tensor(pickle, 'v', how);
    });
    const { tensors, unread } = readTorch(bytes);
    expect([...tensors.keys(), ...unread!]).toEqual(['w', ['v', name]]);
  });
});

describe('entries of a checkpoint', () => {
  type Tree = { readonly [name: string]: Tree | 'tensor' };
  const dict = (pickle: PickleWriter, tree: Tree): void => {
    pickle.put(op.EMPTY_DICT);
    for (const [name, value] of Object.entries(tree)) {
      if (value === 'tensor') tensor(pickle, name);
      else {
        pickle.text(name);
        dict(pickle, value);
        pickle.put(op.SETITEM);
      }
    }
  };
  const entries = (tree: Tree) => torchEntries(checkpoint((pickle) => dict(pickle, tree)));
  const net: Tree = { w: 'tensor' };

  it.each<[Tree, string[]]>([
    [net, ['']],
    [{ model: net, optimizer: { state: net } }, ['model']],
    [{ state_dict: { model: net }, lr_scheduler: net, criterion: net }, ['state_dict.model']],
    [{ teacher: net, student: net }, ['teacher', 'student']],
    [{ state_dict: net, state_dict_ema: net }, ['state_dict', 'state_dict_ema']],
    [{ model: net, ema: { module: net } }, ['model', 'ema.module']],
    [{ queue: 'tensor', model: net }, ['model']],
    [{ queue: 'tensor', teacher: net, student: net }, ['teacher', 'student']],
    [{ ...net, notes: net }, ['']],
  ])('are %j', (tree, expected) => {
    expect(entries(tree)).toEqual(expected);
  });

  it('are listed where there are several, and taken by name', () => {
    const bytes = checkpoint((pickle) => dict(pickle, { state_dict: net, ema: { module: net } }));
    const error = failure(() => readTorch(bytes, { source: 'a.pth' }));
    expect(error.message).toBe('a.pth: it holds several state dicts: state_dict, ema.module');
    expect(error.details.entries).toEqual(['state_dict', 'ema.module']);
    expect(readTorch(bytes, { entry: 'ema.module' }).entry).toBe('ema.module');
  });

  it('may be beginnings of names', () => {
    const bytes = checkpoint((pickle) =>
      dict(pickle, { state_dict: { 'teacher.w': 'tensor', 'student.w': 'tensor' } }),
    );
    const { tensors, entry } = readTorch(bytes, { entry: 'teacher' });
    expect([entry, ...tensors.keys()]).toEqual(['state_dict: teacher', 'w']);
    expect(failure(() => readTorch(bytes, { entry: 'pupil' })).hint).toBe(
      'its names begin with teacher, student',
    );
  });
});
