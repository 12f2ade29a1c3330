import { Allowance } from './allowance.js';
import { FormatError } from './errors.js';

/** JSON with objects as maps: they keep the order of the text, and no key (`__proto__`, `1`) is special. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** Deeper nesting than any file header has; it bounds the recursion. */
const maxDepth = 32;

/** What a map takes, and an entry of one. */
const mapObject = 448;
const mapEntry = 48;
const arrayObject = 96;
/** An element of an array that grows: the old elements and the new are there at the same time. */
const arrayItem = 80;

/**
 * Parses JSON that came from a file. Unlike `JSON.parse` it refuses duplicate keys, deep nesting, masses of tiny
 * objects, and strings that are not Unicode text (lone surrogates). Trailing white space is allowed, as padding.
 *
 * @throws FormatError BAD_FILE, naming `source` and the character.
 */
export function parseJson(text: string, source: string): JsonValue {
  const parser = new JsonParser(text, source);
  const value = parser.value(0);
  parser.end();
  return value;
}

class JsonParser {
  readonly #text: string;
  readonly #source: string;
  readonly #allowance: Allowance;
  #at = 0;

  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
    this.#allowance = new Allowance(text.length, source);
  }

  value(depth: number): JsonValue {
    if (depth > maxDepth) this.#fail(`nested more than ${maxDepth} levels deep`);
    const start = this.#peek();
    if (start === '{') return this.#object(depth);
    if (start === '[') return this.#array(depth);
    if (start === '"') return this.#string();
    for (const [word, value] of [
      ['true', true] as const,
      ['false', false] as const,
      ['null', null] as const,
    ]) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  end(): void {
    if (this.#peek() !== '') this.#fail('text after the end');
  }

  #object(depth: number): JsonObject {
    this.#allowance.take(mapObject);
    const entries = new Map<string, JsonValue>();
    this.#sequence('}', () => {
      if (this.#peek() !== '"') this.#fail('a key was expected');
      const key = this.#string();
      if (entries.has(key)) this.#fail(`the key ${JSON.stringify(key)} occurs twice`);
      if (this.#peek() !== ':') this.#fail("':' was expected");
      this.#at++;
      this.#allowance.take(mapEntry);
      entries.set(key, this.value(depth + 1));
    });
    return entries;
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#allowance.take(arrayObject);
    this.#sequence(']', () => {
      this.#allowance.take(arrayItem);
      items.push(this.value(depth + 1));
    });
    return items;
  }

  /** The inside of brackets: items, parted by commas, up to `close`. */
  #sequence(close: string, item: () => void): void {
    this.#at++;
    if (this.#peek() !== close) {
      item();
      while (this.#peek() === ',') {
        this.#at++;
        item();
      }
      if (this.#peek() !== close) this.#fail(`',' or '${close}' was expected`);
    }
    this.#at++;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let escaped = false;
    let at = start + 1;
    for (; text[at] !== '"'; at++) {
      if (at >= text.length) this.#fail('a string does not end');
      if (text[at] !== '\\') continue;
      escaped = true;
      at++;
    }
    this.#allowance.text(at - start);
    let value = text.slice(start + 1, at);
    if (escaped || controlCharacter.test(value)) {
      try {
        value = JSON.parse(text.slice(start, at + 1)) as string;
      } catch {
        this.#fail('a string is not valid');
      }
    }
    if (!isUnicode(value)) this.#fail('a string holds half a surrogate pair');
    this.#at = at + 1;
    return value;
  }

  #number(): number {
    number.lastIndex = this.#at;
    const match = number.exec(this.#text);
    if (match === null) return this.#fail('a value was expected');
    this.#at = number.lastIndex;
    return Number(match[0]);
  }

  /** The next character that is not white space, `''` at the end; the position moves to it. */
  #peek(): string {
    while (' \n\r\t'.includes(this.#text[this.#at] ?? 'end')) this.#at++;
    return this.#text[this.#at] ?? '';
  }

  #fail(what: string): never {
    throw new FormatError(
      'BAD_FILE',
      `${this.#source}: the JSON header is invalid at character ${this.#at}: ${what}`,
      {
        details: { source: this.#source, character: this.#at },
      },
    );
  }
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings must not hold them, and JSON.parse then says so.
const controlCharacter = /[\u0000-\u001f]/;

/** True when UTF-8 can express the string. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
