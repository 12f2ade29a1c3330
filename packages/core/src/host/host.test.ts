import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ComputeBackend } from '../backend.js';
import { createHost, type Host } from '../host.js';
import {
  type Augmentation,
  decorate,
  definePlugin,
  inject,
  injectable,
  type Logger,
  type Metric,
  named,
  type PluginHost,
  tokens,
} from '../index.js';

const metric = (id: string, options?: Metric['options']): Metric => ({
  id,
  description: `the metric ${id}`,
  better: 'higher',
  ...(options ? { options } : {}),
  create: () => ({ add: () => undefined, value: () => 0 }),
});

const flip: Augmentation = { id: 'flip', description: 'mirrors', create: () => () => undefined };

/** A host of one plugin, `@test/one`. */
const hostOf = (setup: (host: PluginHost) => void): Promise<Host> =>
  createHost({ plugins: [{ plugin: definePlugin({ name: '@test/one', api: 1, setup }), origin: 'here' }] });

describe('get', () => {
  it('gives what plugins added, by kind and id', async () => {
    const top1 = metric('top1');
    const host = await hostOf((h) => {
      h.metrics.add(top1, metric('top5'));
      h.augmentations.add(flip);
    });
    expect(host.get('metrics', 'top1')).toBe(top1);
    expect(host.get('augmentations', 'flip')).toBe(flip);
  });

  it('suggests near ids and lists all', async () => {
    const host = await hostOf((h) => h.metrics.add(metric('top1'), metric('nll')));
    expect(() => host.get('metrics', 'top2')).toThrowError(
      expect.objectContaining({
        code: 'UNKNOWN_ID',
        message: "there is no metric 'top2'; known: nll, top1",
        hint: "did you mean 'top1'?",
        details: { kind: 'metrics', id: 'top2', known: ['nll', 'top1'] },
      }),
    );
  });

  it.each(['toString', '__proto__', 'constructor'])('does not know %s', async (id) => {
    const host = await hostOf((h) => h.metrics.add(metric('top1')));
    expect(() => host.get('metrics', id)).toThrowError(expect.objectContaining({ code: 'UNKNOWN_ID' }));
  });

  it('says where an id of another kind belongs', async () => {
    const host = await hostOf((h) => h.augmentations.add(flip));
    expect(() => host.get('metrics', 'flip')).toThrowError(
      "there is no metric 'flip' ('flip' is an augmentation); no plugin adds a metric",
    );
  });
});

describe('list and catalog', () => {
  it('tells of every contribution in alphabetical order', async () => {
    const host = await hostOf((h) => h.metrics.add(metric('top5'), metric('nll')));
    const plugin = { name: '@test/one', origin: 'here' };
    const entry = (id: string) => ({ kind: 'metrics', id, description: `the metric ${id}`, plugin });
    expect(host.list('metrics')).toEqual([entry('nll'), entry('top5')]);
    expect(host.list('backbones')).toEqual([]);
    expect(host.catalog().metrics.get('nll')).toEqual(entry('nll'));
    expect(host.plugins).toEqual([plugin]);
  });
});

describe('use', () => {
  const strict = z.strictObject({
    k: z.int().min(1).default(5),
    inner: z.strictObject({ a: z.number() }).optional(),
  });
  const withOptions = () =>
    hostOf((h) =>
      h.metrics.add(
        metric('topk', strict),
        metric('loose', z.looseObject({ k: z.number().optional() })),
        metric('stripping', z.object({ k: z.number().optional() })),
        metric('opaque', z.object({ k: z.custom<() => void>().optional() })),
        metric('bare'),
        metric('slow', z.object({ k: z.number().refine(() => Promise.resolve(true)) })),
      ),
    );

  it('completes options by the schema', async () => {
    const host = await withOptions();
    expect(host.use('metrics', 'topk')).toMatchObject({
      id: 'topk',
      contribution: { id: 'topk' },
      options: { k: 5 },
    });
    expect(host.use('metrics', { use: 'topk', k: 3 }).options).toEqual({ k: 3 });
    expect(host.use('metrics', { use: 'loose', other: 1 }).options).toEqual({ other: 1 });
    expect(host.use('metrics', 'bare').options).toBeUndefined();
  });

  it('names an unknown key, its contribution and the known ones', async () => {
    const host = await withOptions();
    const place = { path: 'train.evaluate.metrics.0' };
    expect(() => host.use('metrics', { use: 'topk', kk: 3 }, place)).toThrowError(
      expect.objectContaining({
        code: 'UNKNOWN_OPTION',
        message:
          "train.evaluate.metrics.0: options of metric 'topk' (@test/one): no option 'kk' - did you mean 'k'?; known: k, inner",
        details: expect.objectContaining({ unknownKeys: ['kk'] }),
      }),
    );
    expect(() => host.use('metrics', { use: 'topk', inner: { a: 1, b: 2 } })).toThrowError(
      /no option 'inner\.b'.*known: a$/,
    );
  });

  it('refuses keys that a schema would silently drop', async () => {
    const host = await withOptions();
    expect(() => host.use('metrics', { use: 'stripping', q: 3 })).toThrowError(/no option 'q'; known: k$/);
    expect(() => host.use('metrics', { use: 'opaque', q: 3 })).toThrowError(/no option 'q'; known: k$/);
  });

  it('takes no options where there is no schema', async () => {
    const host = await withOptions();
    expect(() => host.use('metrics', { use: 'bare', k: 1 })).toThrowError(
      expect.objectContaining({
        code: 'UNKNOWN_OPTION',
        message: "options of metric 'bare' (@test/one): no option 'k'; it takes none",
      }),
    );
  });

  it("suggests the run's own keys too", async () => {
    const host = await withOptions();
    expect(() => host.use('metrics', { use: 'bare', batchSzie: 1 }, { own: ['batchSize'] })).toThrowError(
      /did you mean 'batchSize'\?/,
    );
  });

  it('works with schemas of libraries that tell no keys', async () => {
    const validate = (value: unknown) => {
      const { k } = value as { k?: unknown };
      return k === 1 ? { value: { k } } : { issues: [{ message: 'must be 1', path: [{ key: 'k' }] }] };
    };
    const schema = { '~standard': { version: 1 as const, vendor: 'own', validate } };
    const host = await hostOf((h) => h.metrics.add(metric('own', schema)));
    expect(host.use('metrics', { use: 'own', k: 1 }).options).toEqual({ k: 1 });
    expect(() => host.use('metrics', { use: 'own', k: 2 })).toThrowError(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: "options of metric 'own' (@test/one): k: must be 1",
      }),
    );
  });

  it('passes on what the schema says of values', async () => {
    const host = await withOptions();
    expect(() => host.use('metrics', { use: 'topk', k: 0 })).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('k: Too small') }),
    );
  });

  it('refuses asynchronous schemas', async () => {
    const host = await withOptions();
    expect(() => host.use('metrics', { use: 'slow', k: 1 })).toThrowError(
      expect.objectContaining({ code: 'PLUGIN_INVALID', message: expect.stringContaining('asynchronous') }),
    );
  });

  it.each([[undefined], [3], [{}], [{ use: 7 }]])('refuses %j as a use', async (use) => {
    const host = await withOptions();
    expect(() => host.use('metrics', use as never, { path: 'here' })).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('here: found') }),
    );
  });
});

describe('addClass', () => {
  class Backend implements ComputeBackend {
    readonly id: string = 'made';
    readonly description = 'a backend';
    readonly logger: Logger;
    readonly host: Host;
    readonly metric: Metric;
    constructor(logger: Logger, host: Host, metric: Metric) {
      this.logger = logger;
      this.host = host;
      this.metric = metric;
      logger.info('made');
    }
    capabilities() {
      return Promise.resolve({ available: false as const, reason: 'a test' });
    }
    compile(): Promise<never> {
      return Promise.reject(new Error('a test'));
    }
  }
  decorate(injectable(), Backend);
  decorate(inject(tokens.logger), Backend, 0);
  decorate(inject(tokens.host), Backend, 1);
  decorate([inject(tokens.metrics), named('top1')], Backend, 2);

  const listing = { id: 'made', description: 'made when asked for' };
  const plugin = definePlugin({
    name: '@test/classes',
    api: 1,
    setup(h) {
      h.metrics.add(metric('top1'));
      h.backends.addClass(listing, Backend);
    },
  });

  it('makes the class once, when it is first asked for, with services by token', async () => {
    const said: string[] = [];
    const note = (message: string) => {
      said.push(message);
    };
    const host = await createHost({
      plugins: [{ plugin, origin: 'here' }],
      services: { logger: { debug: note, info: note, warn: note } },
    });
    expect(host.list('backends')).toMatchObject([listing]);
    expect(said).toEqual([]);
    const backend = host.get('backends', 'made') as Backend;
    expect(said).toEqual(['made']);
    expect(host.get('backends', 'made')).toBe(backend);
    expect(said).toEqual(['made']);
    expect(backend.host).toBe(host);
    expect(backend.metric).toBe(host.get('metrics', 'top1'));
  });

  it('names the plugin of a class that cannot be made', async () => {
    class Broken {
      constructor() {
        throw new Error('no luck');
      }
    }
    decorate(injectable(), Broken);
    const host = await hostOf((h) => h.backends.addClass(listing, Broken as never));
    expect(() => host.get('backends', 'made')).toThrowError(
      expect.objectContaining({
        code: 'PLUGIN_INVALID',
        message: expect.stringMatching(
          /^backend 'made' of @test\/one \(here\) could not be made: .*no luck/s,
        ),
      }),
    );
  });

  it('refuses what is not of its kind, or of another id', async () => {
    class Nothing {
      readonly id: string = 'made';
    }
    class Other extends Nothing {
      override readonly id = 'other';
    }
    decorate(injectable(), Nothing);
    decorate(injectable(), Other);
    const nothing = await hostOf((h) => h.backends.addClass(listing, Nothing as never));
    expect(() => nothing.get('backends', 'made')).toThrowError(/has no function capabilities, compile/);
    const other = await hostOf((h) => h.backends.addClass(listing, Other as never));
    expect(() => other.get('backends', 'made')).toThrowError(/what it makes has the id 'other'/);
  });
});
