import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dotsFolder, folderWith } from './testing/command-line.js';

/** The built command: what a user runs, with its computing thread. `npm test` builds first. */
const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param watch sees the output so far after every piece of it */
function start(
  args: readonly string[],
  cwd: string,
  watch: (child: ChildProcessWithoutNullStreams, stdout: string) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { PATH: process.env.PATH, HOME: cwd } });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      watch(child, text.stdout);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}

const types = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type);

describe('the built command', () => {
  it('trains in a thread of its own', async () => {
    const folder = dotsFolder();
    const { code, stdout, stderr } = await start(['train', '--json'], folder);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(types(stdout).at(-1)).toBe('finish');
    expect(readdirSync(path.join(folder, 'runs', 'speck-1'))).toContain('student.onnx');
  });

  it('saves and exits with 130 at the first Ctrl-C, and can go on', async () => {
    const folder = dotsFolder();
    const pressed = { yet: false };
    const stopped = await start(
      ['train', '--json', '--out', 'run', '--set', 'train.epochs=100000'],
      folder,
      (child, stdout) => {
        if (pressed.yet || !stdout.includes('"type":"step"')) return;
        pressed.yet = true;
        child.kill('SIGINT');
      },
    );
    expect(stopped).toMatchObject({ code: 130, signal: null });
    const seen = types(stopped.stdout);
    expect(seen).toContain('interrupted');
    expect(seen.at(-1)).toBe('error');
    expect(readdirSync(path.join(folder, 'run', 'checkpoints'))).not.toEqual([]);
    expect(existsSync(path.join(folder, 'run', 'run.lock'))).toBe(false);
  });

  it("goes on filling a teacher's cache after kill -9", async () => {
    const folder = dotsFolder({
      'distilled.yaml': [
        'extends: ./limbeck.config.yaml',
        'data: { augment: [flip] }',
        'teacher: { use: speck, weights: alone/student.safetensors, acceptChance: true, cache: { views: 60 } }',
        'distiller: kd',
      ].join('\n'),
    });
    await start(['train', '--out', 'alone', '--set', 'train.epochs=1'], folder);
    const train = (out: string, ...more: string[]) =>
      ['train', 'distilled.yaml', '--json', '--out', out, ...more] as const;
    const killed = await start(train('run'), folder, (child, stdout) => {
      // every draw of the 48 images is a file
      if (/"type":"cache-fill".*"done":4[89]\d/.test(stdout)) child.kill('SIGKILL');
    });
    expect(killed).toMatchObject({ code: null, signal: 'SIGKILL' });
    const resumed = await start(['train', '--resume', 'run', '--json'], folder);
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    const events = resumed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { bytes, missingBytes } = events.find(({ type }) => type === 'cache');
    expect(missingBytes).toBeGreaterThan(0);
    expect(missingBytes).toBeLessThanOrEqual(bytes * (50 / 60));
    expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
    await start(train('other', '--set', 'teacher.cache.dir=elsewhere'), folder);
    const student = (run: string) => readFileSync(path.join(folder, run, 'student.safetensors'));
    expect(student('run')).toEqual(student('other'));
  });

  it('exits at once at the second Ctrl-C', async () => {
    const folder = dotsFolder({
      // a data set that takes its time once, at its 20th read: the first dozen try it before anything is compiled. What a step that
      // does not end looks like
      'slow.mjs': readFileSync(path.join(dotsFolder(), 'dots.mjs'), 'utf8').replace(
        'read(index, into, offset) {',
        'read(index, into, offset) { globalThis.reads = (globalThis.reads ?? 0) + 1; if (globalThis.reads === 20) { for (const until = Date.now() + 20000; Date.now() < until; ); }',
      ),
    });
    const started = performance.now();
    const presses = { count: 0 };
    const press = (child: ChildProcessWithoutNullStreams) => {
      presses.count++;
      child.kill('SIGINT');
    };
    const ended = await start(
      ['train', '--json', '--set', 'plugins=["./slow.mjs"]'],
      folder,
      (child, stdout) => {
        if (presses.count > 0 || !stdout.includes('"type":"compiled"')) return;
        press(child);
        setTimeout(press, 400, child);
      },
    );
    expect(ended).toMatchObject({ code: null, signal: 'SIGINT' });
    expect(readdirSync(path.join(folder, 'runs', 'speck-1'))).not.toContain('run.lock');
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('tells errors of the thread as its own', async () => {
    const folder = dotsFolder();
    const { code, stderr } = await start(['train', '--set', 'student=spek'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error\[UNKNOWN_ID\]: there is no backbone 'spek'; .*\nhint: did you mean 'speck'\?\n$/,
    );
    const { stderr: traced } = await start(['train', '--set', 'student=spek', '--debug'], folder);
    expect(traced).toMatch(/\n\s+at .*compose/);
  });

  it('says nothing when its reader has gone', async () => {
    const { code, stderr } = await start(['inspect', 'resnet110', '--json'], folderWith(), (child) =>
      child.stdout.destroy(),
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

describe('at the start', () => {
  /** What a source file imports when it is loaded; types and `import()` are not. */
  const importsOf = (file: string): string[] =>
    [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm)].map(
      ([, name]) => name!,
    );

  /** Packages that a source file loads, by way of others as well. */
  function loadedBy(source: string): string[] {
    const loaded = new Set<string>();
    const visit = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const name of importsOf(file)) {
        if (name.startsWith('.')) visit(path.join(path.dirname(file), name.replace(/\.js$/, '.ts')));
        else loaded.add(name);
      }
    };
    visit(fileURLToPath(new URL(source, import.meta.url)));
    return [...loaded].filter((name) => !path.isAbsolute(name) && !name.startsWith('node:'));
  }

  it('--help loads commander and nothing else', () => {
    expect(loadedBy('./bin.ts')).toEqual(['commander']);
  });

  it('limbeck train leaves what computes to the thread that computes', () => {
    const ours = loadedBy('./commands/train.ts').filter((name) => name.startsWith('@limbeck/'));
    expect(ours.sort()).toEqual(['@limbeck/core', '@limbeck/core/host', '@limbeck/trainer/events']);
    expect(loadedBy('../../trainer/src/events.ts')).toEqual(['@limbeck/core/host']);
  });
});
