import type { RecipeValue } from '@limbeck/core';

/** The values of a protocol, by key, read as what they have to be. */
export interface Values {
  has(key: string): boolean;
  number(key: string): number;
  text(key: string): string;
  flag(key: string): boolean;
  list(key: string): readonly string[];
  record(key: string): Readonly<Record<string, unknown>>;
  /** A number of a record, such as a weight; `otherwise` where it has none. */
  of(key: string, name: string, otherwise?: number): number;
}

/** @throws Error where a value is of another kind: a defect of the data */
export function valuesOf(id: string, protocol: Readonly<Record<string, RecipeValue>>): Values {
  const at = (key: string) => protocol[key]?.value ?? undefined;
  const expect = <T>(key: string, value: unknown, isRight: (value: unknown) => boolean): T => {
    if (isRight(value)) return value as T;
    throw new Error(`${id}: ${key} is ${JSON.stringify(value)}`);
  };
  const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const record = (key: string) => expect<Readonly<Record<string, unknown>>>(key, at(key) ?? {}, isRecord);
  return {
    has: (key) => at(key) !== undefined,
    number: (key) => expect(key, at(key), (value) => typeof value === 'number'),
    flag: (key) => expect(key, at(key), (value) => typeof value === 'boolean'),
    text: (key) => expect(key, at(key), (value) => typeof value === 'string'),
    list: (key) => expect(key, at(key), Array.isArray),
    record,
    of: (key, name, otherwise) =>
      expect(`${key}.${name}`, record(key)[name] ?? otherwise, (value) => typeof value === 'number'),
  };
}
