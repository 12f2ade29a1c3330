import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { coreVersion, createHost, loadedCores, type PluginEntry } from '../host.js';
import { type Augmentation, definePlugin, type LimbeckError, type PluginSpec } from '../index.js';

const augmentation = (id: string, description = id): Augmentation => ({
  id,
  description,
  create: () => () => undefined,
});

/** A plugin of a name, from `<name>.js`. */
const entry = (name: string, spec: Partial<PluginSpec<unknown>> = {}): PluginEntry => ({
  plugin: definePlugin({ name, api: 1, setup: () => undefined, ...spec }),
  origin: `${name}.js`,
});

const adds = (name: string, ...ids: string[]) =>
  entry(name, { setup: (h) => h.augmentations.add(...ids.map((id) => augmentation(id, name))) });

const overrides = (name: string, id: string) =>
  entry(name, { setup: (h) => h.augmentations.override(augmentation(id, name)) });

const failure = async (...plugins: PluginEntry[]): Promise<LimbeckError> => {
  try {
    await createHost({ plugins });
  } catch (error) {
    return error as LimbeckError;
  }
  throw new Error('the host was made');
};

describe('checks before set-up', () => {
  it.each<[string, PluginEntry, RegExp]>([
    ['nothing', { plugin: undefined, origin: 'p.js' }, /p\.js: is not a plugin but undefined/],
    ['a plain object', { plugin: { name: 'x' }, origin: 'p.js' }, /not a plugin but an object with name/],
    ['a function', { plugin: function make() {}, origin: 'p.js' }, /a function named make: call it first/],
    [
      'a module',
      { plugin: { default: entry('x').plugin }, origin: 'p.js' },
      /a module: take its default export/,
    ],
    ['no name', entry(''), /has no name/],
    ['no setup', entry('x', { setup: undefined as never }), /x \(x\.js\): has no setup function/],
    ['another contract', entry('x', { api: 2 }), /contract 2, this core speaks 1/],
    [
      'another core',
      entry('x', { core: '>=99' }),
      new RegExp(`needs @limbeck/core >=99, this is ${coreVersion}`),
    ],
    ['a bad range', entry('x', { core: 'new' }), /`core` is "new", not a version range/],
    ['a lacking plugin', entry('x', { requires: ['y'] }), /requires plugin 'y', which is not listed/],
    ['a bad list', entry('x', { requires: 'y' as never }), /`requires` is not a list/],
    ['a bad schema', entry('x', { options: {} as never }), /`options` is not a Standard Schema/],
    ['options nobody reads', { ...entry('x'), options: { a: 1 } }, /no option 'a'; it takes none/],
    ['options of a wrong type', { ...entry('x'), options: 3 }, /options are 3, expected an object/],
  ])('refuses %s', async (_, bad, message) => {
    expect(await failure(bad)).toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('reports every failure at once, with origin and version, and sets nothing up', async () => {
    let setUps = 0;
    const error = await failure(
      entry('good', { setup: () => void setUps++ }),
      { ...entry('old', { api: 0, core: '<0.0.1', requires: ['goood'] }), version: '3.2.1' },
      {
        ...entry('picky', { options: z.strictObject({ count: z.int() }) }),
        options: { count: 1.5, size: 2 },
      },
      entry('good'),
    );
    expect(setUps).toBe(0);
    expect(error.message).toBe(
      [
        'plugins that cannot be used:',
        'old 3.2.1 (old.js): is written for plugin contract 0, this core speaks 1',
        `old 3.2.1 (old.js): needs @limbeck/core <0.0.1, this is ${coreVersion}`,
        "old 3.2.1 (old.js): requires plugin 'goood', which is not listed - did you mean 'good'?",
        "picky (picky.js): no option 'size'; known: count",
        'picky (picky.js): count: Invalid input: expected int, received number',
        'good (good.js): is listed twice (already from good.js); list it once',
      ].join('\n  '),
    );
    expect(error.details.failures).toHaveLength(6);
  });

  it('checks the range against the core that runs, prereleases too', async () => {
    const plugins = [entry('x', { core: '>=2 <3' })];
    await expect(createHost({ plugins, coreVersion: '2.1.0-beta.1' })).resolves.toBeDefined();
    await expect(createHost({ plugins, coreVersion: '3.0.0' })).rejects.toThrow(/this is 3\.0\.0/);
  });

  it('completes options, by asynchronous schemas too', async () => {
    let seen: unknown;
    const options = z.object({
      count: z.number().default(3),
      name: z.string().refine(() => Promise.resolve(true)),
    });
    const setup = (_: unknown, given: unknown) => {
      seen = given;
    };
    await createHost({ plugins: [{ ...entry('x', { options, setup }), options: { name: 'n' } }] });
    expect(seen).toEqual({ count: 3, name: 'n' });
  });
});

describe('ids', () => {
  it('names both plugins of an id claimed twice, for every such id', async () => {
    const error = await failure(adds('one', 'flip', 'crop', 'blur'), adds('two', 'flip', 'crop'));
    expect(error).toMatchObject({ code: 'PLUGIN_CONFLICT', exitCode: 2 });
    expect(error.message).toBe(
      "plugins are at odds:\n  two (two.js): adds augmentation 'flip', and so does one (one.js)" +
        "\n  two (two.js): adds augmentation 'crop', and so does one (one.js)",
    );
  });

  it('sees a plugin that claims an id twice', async () => {
    expect(await failure(adds('one', 'flip', 'flip'))).toMatchObject({
      code: 'PLUGIN_CONFLICT',
      message: expect.stringContaining('it has already done so itself'),
    });
  });

  it('keeps ids of different kinds apart', async () => {
    const metric = { id: 'flip', description: '', better: 'lower' as const, create: () => ({}) as never };
    const host = await createHost({
      plugins: [adds('one', 'flip'), entry('two', { setup: (h) => h.metrics.add(metric) })],
    });
    expect(host.get('metrics', 'flip')).toBe(metric);
  });

  it.each([['first'], ['last']])('lets a plugin override another that comes %s', async (where) => {
    const base = adds('base', 'flip');
    const over = overrides('over', 'flip');
    const host = await createHost({ plugins: where === 'first' ? [base, over] : [over, base] });
    expect(host.get('augmentations', 'flip').description).toBe('over');
    expect(host.list('augmentations')).toMatchObject([
      { plugin: { name: 'over' }, overrides: { name: 'base' } },
    ]);
  });

  it('refuses to override nothing, or twice', async () => {
    expect(await failure(adds('base', 'flip'), overrides('over', 'flop'))).toMatchObject({
      code: 'PLUGIN_CONFLICT',
      message: expect.stringContaining(
        "overrides augmentation 'flop', which no plugin adds; there is 'flip'",
      ),
    });
    const twice = await failure(adds('base', 'flip'), overrides('one', 'flip'), overrides('two', 'flip'));
    expect(twice.message).toContain("two (two.js): overrides augmentation 'flip', and so does one (one.js)");
  });

  it('lists every malformed contribution', async () => {
    const bad = [{ id: 'has space', description: '' }, null, { id: 'x', description: '' }, { id: 'y' }];
    const error = await failure(entry('one', { setup: (h) => h.augmentations.add(...(bad as never[])) }));
    expect(error).toMatchObject({ code: 'PLUGIN_INVALID' });
    expect(error.message.split('\n  ').slice(1)).toEqual([
      'one (one.js): an augmentation has the id "has space"; ids are letters, digits and . _ / + @ -',
      'one (one.js): an augmentation is null',
      "one (one.js): augmentation 'x' has no function create",
      "one (one.js): augmentation 'y' has no description",
    ]);
  });
});

describe('set-up and disposal', () => {
  /** A plugin that writes down when it is opened and closed. */
  const traced = (name: string, log: string[], close: () => void = () => undefined) =>
    entry(name, {
      setup: async () => {
        await Promise.resolve();
        log.push(`open ${name}`);
        return () => {
          log.push(`close ${name}`);
          close();
        };
      },
    });

  it('waits for each setup, and closes in reverse order, once', async () => {
    const log: string[] = [];
    const host = await createHost({ plugins: [traced('a', log), entry('b'), traced('c', log)] });
    await Promise.all([host.dispose(), host.dispose()]);
    expect(log).toEqual(['open a', 'open c', 'close c', 'close a']);
  });

  it('closes all even where some fail, and says which', async () => {
    const log: string[] = [];
    const fail = () => {
      throw new Error('stuck');
    };
    const host = await createHost({
      plugins: [traced('a', log, fail), traced('b', log), traced('c', log, fail)],
    });
    const error = await host.dispose().catch((thrown: AggregateError) => thrown);
    expect(log.slice(3)).toEqual(['close c', 'close b', 'close a']);
    expect((error as AggregateError).errors.map(String)).toEqual([
      expect.stringContaining('c (c.js): its disposer failed: stuck'),
      expect.stringContaining('a (a.js): its disposer failed: stuck'),
    ]);
  });

  it('names the plugin whose setup throws, and closes the others', async () => {
    const log: string[] = [];
    const cause = new Error('no such device');
    const throws = entry('b', { setup: () => Promise.reject(cause) });
    const error = await failure(traced('a', log), throws, traced('c', log));
    expect(error).toMatchObject({
      code: 'PLUGIN_INVALID',
      message: 'a plugin cannot be used: b (b.js): its setup failed: no such device',
      cause,
    });
    expect(log).toEqual(['open a', 'close a']);
  });

  it('refuses contributions after setup', async () => {
    let late: () => void = () => undefined;
    const setup: PluginSpec<unknown>['setup'] = (h) => {
      late = () => h.augmentations.add(augmentation('flip'));
    };
    await createHost({ plugins: [entry('x', { setup })] });
    expect(late).toThrow(/x \(x\.js\) adds an augmentation after its setup has ended/);
  });

  it('gives nothing once disposed of', async () => {
    const host = await createHost({ plugins: [adds('one', 'flip')] });
    await host.dispose();
    expect(() => host.get('augmentations', 'flip')).toThrowError(
      expect.objectContaining({ code: 'PRECONDITION' }),
    );
  });
});

describe('a second copy of core', () => {
  const cores = loadedCores() as { version: string; url: string }[];
  afterEach(() => {
    cores.splice(1);
  });

  it('is an error that names both places', async () => {
    expect(cores).toEqual([{ version: coreVersion, url: expect.stringMatching(/registration\.(ts|js)$/) }]);
    cores.push({ version: '0.0.9', url: 'file:///elsewhere/registration.js' });
    const error = await failure();
    expect(error).toMatchObject({
      code: 'DUPLICATE_CORE',
      hint: expect.stringContaining('npm ls @limbeck/core'),
    });
    expect(error.message).toContain(cores[0]!.url);
    expect(error.message).toContain('0.0.9 from file:///elsewhere/registration.js');
  });
});
