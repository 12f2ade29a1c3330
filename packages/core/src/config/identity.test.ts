import { expect, it } from 'vitest';
import * as z from 'zod';
import { configToJson, decisiveSettings, resolveConfig } from '../host.js';
import { byValueAs, decisiveValues, identity, irrelevant, whenSet } from './identity.js';
import { runSchema } from './schema.js';

/** The paths of settings of which the schema does not say how they enter the identity. */
function unsaid(schema: z.core.$ZodType, path: string): string[] {
  if (identity.has(schema)) return [];
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, inner]) =>
      unsaid(inner as z.ZodType, path === '' ? key : `${path}.${key}`),
    );
  }
  if (schema instanceof z.ZodUnion) {
    const objects = schema.options.filter((option) => isObject(option));
    return objects.length === 0 ? [path] : objects.flatMap((option) => unsaid(option, path));
  }
  const inner = within(schema);
  return inner === undefined ? [path] : unsaid(inner, path);
}

function within(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodPipe) return schema.in;
  if (schema instanceof z.ZodArray) return schema.element;
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapper ? schema.unwrap() : undefined;
}

const isObject = (schema: z.core.$ZodType): boolean => {
  if (schema instanceof z.ZodObject) return true;
  const inner = within(schema);
  return inner !== undefined && isObject(inner);
};

it('the schema says of every setting whether numbers depend on it', () => {
  expect(unsaid(runSchema, '')).toEqual([]);
});

it('takes values as the schema says', () => {
  const schema = z.strictObject({
    folder: z.string().register(identity, irrelevant),
    rate: z.number().default(2).register(identity, byValueAs('lr')),
    draws: z.int().default(1).register(identity, whenSet),
    sizes: z.array(z.int()).default([]).register(identity, whenSet),
    unsaid: z.int(),
  });
  const values = { folder: 'a', rate: 2, unsaid: 3 };
  expect(decisiveValues(schema, { ...values, draws: 1, sizes: [] })).toEqual({ lr: 2 });
  expect(decisiveValues(schema, values)).toEqual({ lr: 2 });
  expect(decisiveValues(schema, { ...values, draws: 2, sizes: [1] })).toEqual({
    lr: 2,
    draws: 2,
    sizes: [1],
  });
});

it('chosen data enter it where they are not the default', () => {
  const minimal = { data: { use: 'dots' }, student: 'speck', train: { epochs: 1 } };
  const decisive = (data: object) =>
    decisiveSettings(
      'data',
      resolveConfig([{ source: 'test', value: { ...minimal, data: { use: 'dots', ...data } } }]).config.data,
    );
  expect(decisive({})).toEqual({ batchSize: 64, evalBatchSize: 250 });
  expect(decisive({ sampling: 'shuffled', onError: 'stop', workers: 3 })).toEqual(decisive({}));
  const chosen = { sampling: { weights: [1, 2] }, onError: 'skip', normalization: 'cifar' };
  expect(decisive(chosen)).toEqual({ ...decisive({}), ...chosen });
});

it.each<[object]>([[{ sampling: 'balanced' }], [{ sampling: { weights: [1, 2] } }]])(
  'data are the same when they are read back: %o',
  (changes) => {
    const value = { data: { use: 'dots', ...changes }, student: 'speck', train: { epochs: 1 } };
    const { config } = resolveConfig([{ source: 'written', value }]);
    const again = resolveConfig([{ source: 'recorded', value: configToJson(config) }]).config;
    expect(again.data).toEqual(config.data);
  },
);
