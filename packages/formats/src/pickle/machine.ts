import { Allowance } from '../allowance.js';
import { exact, PickleBytes } from './bytes.js';
import { op } from './opcodes.js';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleOpaque,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from './values.js';

/** What a pickle may name, and what becomes of it. */
export interface PickleLibrary {
  /** The global of this name (`collections.OrderedDict`); `undefined` where it is not on the list. */
  find(name: string): PickleGlobal | undefined;
  /** The value of calling a global: data out of data. `undefined` where this call has no meaning. */
  call(callee: PickleGlobal, args: readonly PickleValue[]): PickleValue | undefined;
  /** The value that a persistent id stands for. */
  persistent(id: PickleValue, fail: (what: string) => never): PickleValue;
}

/**
 * What values take in memory, in bytes: an empty dict is one byte in the file. Values on the stack are counted apart, since
 * they come and go.
 */
const costs = { object: 160, called: 256, view: 128, remembered: 112, item: 16, entry: 64 } as const;
/** Values on the stack; Python's pickles fill lists and dicts a thousand items at a time. */
const deepestStack = 1_000_000;

/** Characters of a name that are kept. */
const longestName = 200;

/**
 * Runs a pickle's program on data alone. There are no imports and no calls: globals are names on the library's list,
 * and calling one is what the library says it is. Other names, and whatever is made by calling them or with them, are
 * opaque values. A program has no loops, so it takes time in proportion to its length.
 *
 * @throws FormatError BAD_FILE for every departure from the format
 */
export function runPickle(
  bytes: Uint8Array,
  library: PickleLibrary,
  {
    source,
    at = 0,
    allowance = new Allowance(bytes.byteLength, source),
  }: { source: string; at?: number; allowance?: Allowance },
): { value: PickleValue; end: number } {
  const machine = new Machine(new PickleBytes(bytes, source, at), library, allowance);
  return machine.run();
}

/** What `MARK` leaves on the stack. */
const mark = Symbol('mark');
const emptyTuple = new PickleTuple([]);

class Machine {
  readonly #input: PickleBytes;
  readonly #library: PickleLibrary;
  readonly #stack: (PickleValue | typeof mark)[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #allowance: Allowance;

  constructor(input: PickleBytes, library: PickleLibrary, allowance: Allowance) {
    this.#input = input;
    this.#library = library;
    this.#allowance = allowance;
  }

  run(): { value: PickleValue; end: number } {
    for (;;) {
      const code = this.#input.u8();
      if (code === op.STOP) return { value: this.#pop(), end: this.#input.at };
      const done = this.#scalar(code) || this.#container(code) || this.#memory(code) || this.#construct(code);
      if (!done) this.#fail(`0x${code.toString(16)} is no instruction of a pickle that is read`);
    }
  }

  /** Instructions that push a scalar. */
  #scalar(code: number): boolean {
    const input = this.#input;
    switch (code) {
      case op.NONE:
        return this.#push(null);
      case op.NEWTRUE:
        return this.#push(true);
      case op.NEWFALSE:
        return this.#push(false);
      case op.BININT:
        return this.#push(input.i32());
      case op.BININT1:
        return this.#push(input.u8());
      case op.BININT2:
        return this.#push(input.u16());
      case op.LONG1:
        return this.#push(this.#counted(input.integer(input.u8())));
      case op.LONG4:
        return this.#push(this.#counted(input.integer(input.u32())));
      case op.BINFLOAT:
        return this.#push(input.f64());
      case op.BINUNICODE:
        return this.#push(this.#counted(input.text(input.u32())));
      case op.BINSTRING:
        return this.#push(this.#counted(input.textOrBytes(input.u32())));
      case op.SHORT_BINUNICODE:
        return this.#push(this.#counted(input.text(input.u8())));
      case op.SHORT_BINSTRING:
        return this.#push(this.#counted(input.textOrBytes(input.u8())));
      case op.BINUNICODE8:
        return this.#push(this.#counted(input.text(input.u64())));
      case op.BINBYTES:
        return this.#push(this.#counted(input.bytes(input.u32())));
      case op.SHORT_BINBYTES:
        return this.#push(this.#counted(input.bytes(input.u8())));
      case op.BINBYTES8:
      case op.BYTEARRAY8:
        return this.#push(this.#counted(input.bytes(input.u64())));
      default:
        return this.#textScalar(code);
    }
  }

  /** The same for the text protocol. */
  #textScalar(code: number): boolean {
    switch (code) {
      case op.INT: {
        const text = this.#input.line();
        if (text === '00' || text === '01') return this.#push(text === '01');
        return this.#push(this.#decimal(text));
      }
      case op.LONG:
        return this.#push(this.#decimal(this.#input.line().replace(/L$/, '')));
      case op.FLOAT: {
        const text = this.#input.line();
        const value = pythonFloats.get(text) ?? (/^[-+\d.eE]+$/.test(text) ? Number(text) : Number.NaN);
        if (Number.isNaN(value) && text !== 'nan') this.#fail(`'${text}' is no number`);
        return this.#push(value);
      }
      case op.STRING: {
        const quoted = /^(['"])([^\\]*)\1$/.exec(this.#input.line());
        if (quoted === null) this.#fail('a quoted text is not read');
        return this.#push(this.#counted(quoted![2]!));
      }
      case op.UNICODE: {
        const text = this.#input.line();
        if (text.includes('\\')) this.#fail('a text with escapes is not read');
        return this.#push(this.#counted(text));
      }
      default:
        return false;
    }
  }

  #decimal(text: string): number | bigint {
    if (!/^[-+]?\d{1,600}$/.test(text)) this.#fail(`'${text.slice(0, 40)}' is no integer`);
    return this.#counted(exact(BigInt(text)));
  }

  /** Instructions that make or fill a container. */
  #container(code: number): boolean {
    switch (code) {
      case op.EMPTY_TUPLE:
        return this.#push(emptyTuple);
      case op.TUPLE1:
        return this.#pushTuple(this.#popMany(1));
      case op.TUPLE2:
        return this.#pushTuple(this.#popMany(2));
      case op.TUPLE3:
        return this.#pushTuple(this.#popMany(3));
      case op.TUPLE:
        return this.#pushTuple(this.#popToMark());
      case op.EMPTY_LIST:
        return this.#push(this.#counted(new PickleList()));
      case op.LIST:
        return this.#append(this.#popToMark(), this.#counted(new PickleList()));
      case op.APPEND:
        return this.#append([this.#pop()], this.#pop());
      case op.APPENDS:
        return this.#append(this.#popToMark(), this.#pop());
      case op.EMPTY_DICT:
        return this.#push(this.#counted(new PickleDict()));
      case op.DICT:
        return this.#setItems(this.#popToMark(), this.#counted(new PickleDict()));
      case op.SETITEM:
        return this.#setItems(this.#popMany(2), this.#pop());
      case op.SETITEMS:
        return this.#setItems(this.#popToMark(), this.#pop());
      case op.EMPTY_SET:
        return this.#push(this.#counted(new PickleSet()));
      case op.FROZENSET:
        return this.#append(this.#popToMark(), this.#counted(new PickleSet()));
      case op.ADDITEMS:
        return this.#append(this.#popToMark(), this.#pop());
      default:
        return false;
    }
  }

  #pushTuple(items: PickleValue[]): boolean {
    this.#allowance.take(costs.item * items.length);
    return this.#push(items.length === 0 ? emptyTuple : this.#counted(new PickleTuple(items)));
  }

  #append(items: readonly PickleValue[], to: PickleValue): boolean {
    if (to instanceof PickleOpaque) return this.#push(to);
    if (!(to instanceof PickleList || to instanceof PickleSet))
      return this.#fail('something is appended to no list');
    this.#allowance.take(costs.item * items.length);
    for (const item of items) to.items.push(item);
    return this.#push(to);
  }

  #setItems(items: readonly PickleValue[], to: PickleValue): boolean {
    if (to instanceof PickleOpaque) return this.#push(to);
    if (!(to instanceof PickleDict)) return this.#fail('an item is set in no dict');
    if (items.length % 2 === 1) this.#fail('a key has no value');
    this.#allowance.take(costs.entry * items.length);
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (typeof key === 'string' && to.get(key) !== undefined) this.#fail(`the key '${key}' occurs twice`);
      to.set(key, items[i + 1]!);
    }
    return this.#push(to);
  }

  /** Instructions that move what is there. */
  #memory(code: number): boolean {
    const input = this.#input;
    switch (code) {
      case op.PROTO: {
        const protocol = input.u8();
        if (protocol > 5) this.#fail(`protocol ${protocol} is not read`);
        return true;
      }
      case op.FRAME:
        input.u64();
        return true;
      case op.MARK:
        return this.#push(mark);
      case op.POP:
        if (this.#stack.pop() === undefined) this.#fail('nothing is on the stack');
        return true;
      case op.POP_MARK:
        this.#popToMark();
        return true;
      case op.DUP:
        return this.#push(this.#top());
      case op.PUT:
        return this.#put(Number(this.#decimal(input.line())));
      case op.BINPUT:
        return this.#put(input.u8());
      case op.LONG_BINPUT:
        return this.#put(input.u32());
      case op.MEMOIZE:
        return this.#put(this.#memo.size);
      case op.GET:
        return this.#get(Number(this.#decimal(input.line())));
      case op.BINGET:
        return this.#get(input.u8());
      case op.LONG_BINGET:
        return this.#get(input.u32());
      default:
        return false;
    }
  }

  #put(index: number): boolean {
    this.#memo.set(index, this.#top());
    this.#allowance.take(costs.remembered);
    return true;
  }

  #get(index: number): boolean {
    const value = this.#memo.get(index);
    return value === undefined ? this.#fail(`nothing is remembered as ${index}`) : this.#push(value);
  }

  /** Instructions that name globals and would call them. */
  #construct(code: number): boolean {
    const input = this.#input;
    switch (code) {
      case op.GLOBAL:
        return this.#push(this.#global(input.line(), input.line()));
      case op.STACK_GLOBAL: {
        const [module, name] = this.#popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string') return this.#fail('a global has no name');
        return this.#push(this.#global(module, name));
      }
      case op.REDUCE:
      case op.NEWOBJ: {
        const [callee, args] = this.#popMany(2);
        return this.#push(this.#call(callee!, args!));
      }
      case op.NEWOBJ_EX: {
        const [callee, args, named] = this.#popMany(3);
        if (callee instanceof PickleOpaque) return this.#push(callee);
        if (!(named instanceof PickleDict) || named.entries.size > 0)
          this.#fail('a call has named arguments');
        return this.#push(this.#call(callee!, args!));
      }
      case op.INST: {
        const callee = this.#global(input.line(), input.line());
        return this.#push(this.#call(callee, new PickleTuple(this.#popToMark())));
      }
      case op.OBJ: {
        const [callee, ...args] = this.#popToMark();
        return this.#push(this.#call(callee ?? null, new PickleTuple(args)));
      }
      case op.BUILD:
        return this.#build(this.#pop(), this.#top());
      case op.BINPERSID:
        return this.#push(this.#persistent(this.#pop()));
      case op.PERSID:
        return this.#push(this.#persistent(input.line()));
      default:
        return false;
    }
  }

  #global(module: string, name: string): PickleGlobal | PickleOpaque {
    const full = `${module}.${name}`;
    return this.#library.find(full) ?? this.#counted(new PickleOpaque(full.slice(0, longestName)));
  }

  #persistent(id: PickleValue): PickleValue {
    this.#allowance.take(costs.called);
    return this.#library.persistent(id, (what) => this.#fail(what));
  }

  #call(callee: PickleValue, args: PickleValue): PickleValue {
    if (callee instanceof PickleOpaque) return callee;
    if (!(callee instanceof PickleGlobal)) return this.#fail('something that is no global is called');
    if (!(args instanceof PickleTuple)) return this.#fail(`${callee.name} is called without arguments`);
    const value =
      this.#library.call(callee, args.items) ?? args.items.find((item) => item instanceof PickleOpaque);
    this.#allowance.take(costs.called);
    return value ?? this.#fail(`${callee.name} is called in a way that is not read`);
  }

  /** Gives what is on the stack its state. */
  #build(state: PickleValue, object: PickleValue): boolean {
    if (object instanceof PickleOpaque) return true;
    if (object instanceof PickleObject) object.state = state;
    else if (object instanceof PickleDict && state instanceof PickleDict) object.attributes = state;
    else if (!(object instanceof PickleDict && state instanceof PickleOpaque))
      this.#fail('a state is given to what has none');
    return true;
  }

  /** Takes the memory of a value that was made. */
  #counted<T>(value: T): T {
    if (typeof value === 'string') this.#allowance.text(value.length);
    else this.#allowance.take(value instanceof Uint8Array ? costs.view : costs.object);
    return value;
  }

  #push(value: PickleValue | typeof mark): true {
    if (this.#stack.length >= deepestStack) this.#fail(`over ${deepestStack} values are on the stack`);
    this.#stack.push(value);
    return true;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) return this.#fail('nothing is on the stack');
    return value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    const values = Array.from({ length: count }, () => this.#pop());
    return values.reverse();
  }

  #popToMark(): PickleValue[] {
    const start = this.#stack.lastIndexOf(mark);
    if (start === -1) this.#fail('there is no mark on the stack');
    const values = this.#stack.splice(start) as PickleValue[];
    values.shift();
    return values;
  }

  #fail(what: string): never {
    return this.#input.fail(what);
  }
}

const pythonFloats = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
]);
