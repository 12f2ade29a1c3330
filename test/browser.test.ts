import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { interpret } from '@limbeck/graph';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batch, distillation, stateOf } from './browser/distillation.js';

/** A page's script, bundled with everything it needs; and what is left to import, which a browser does not have. */
async function bundle(source: string): Promise<{ code: string; imports: readonly string[] }> {
  const entry = 'page';
  const build = await rolldown({
    input: entry,
    platform: 'browser',
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    external: [/^node:/],
    resolve: {
      conditionNames: ['@limbeck/source', 'import', 'browser', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    logLevel: 'silent',
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === entry ? path.join(import.meta.dirname, 'page.js') : undefined),
        load: (id) => (id === path.join(import.meta.dirname, 'page.js') ? source : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: 'esm', codeSplitting: false });
  await build.close();
  return { code: output[0].code, imports: [...output[0].imports, ...output[0].dynamicImports] };
}

test('the kernels need nothing of Node', { timeout: 60_000 }, async () => {
  const { imports, code } = await bundle(
    "import { createKernelsBackend } from '@limbeck/backend-tfjs/browser'; globalThis.create = createKernelsBackend;",
  );
  expect(imports).toEqual([]);
  expect(code).not.toMatch(/require\(["'`]node:|process\.cwd/);
});

const steps = 3;

const page = (device: string) => `
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { createKernelsBackend } from '@limbeck/backend-tfjs/browser';
import { batch, distillation, stateOf } from './browser/distillation.js';
async function run() {
  setWasmPaths('/wasm/');
  const target = distillation();
  const executable = await createKernelsBackend(tf).compile(target, { device: '${device}', state: stateOf(target) });
  const losses = [];
  for (let step = 0; step < ${steps}; step++) losses.push((await executable.step(batch(step))).loss.data[0]);
  const tensors = tf.memory().numTensors;
  await executable.step(batch(0));
  return { losses, leaked: tf.memory().numTensors - tensors };
}
run().then((result) => result, (error) => ({ error: String(error?.stack ?? error) }))
  .then((result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) }));
`;

const require = createRequire(import.meta.url);
const commands = ['chromium', 'chromium-browser', 'google-chrome'];
const browser = commands.find((name) => spawnSync(name, ['--version']).status === 0);
const packages = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm'];

/** Why no page can be opened here. */
function missing(): string | undefined {
  if (browser === undefined) return `none of ${commands.join(', ')} is installed`;
  try {
    for (const name of packages) require.resolve(name);
    return undefined;
  } catch {
    return `${packages.join(', ')} are not installed`;
  }
}

interface Result {
  readonly losses?: readonly number[];
  readonly leaked?: number;
  readonly error?: string;
}

/** Serves the script on the loopback interface, opens the page, and waits for what it has to say. */
async function open(script: string, folder: string): Promise<Result> {
  let child: ChildProcess | undefined;
  const server = createServer();
  try {
    return await new Promise<Result>((resolve, reject) => {
      server.on('request', (request, response) => {
        if (request.url === '/result') {
          let body = '';
          request.setEncoding('utf8').on('data', (text: string) => {
            body += text;
          });
          request.on('end', () => {
            response.end();
            resolve(JSON.parse(body) as Result);
          });
        } else if (request.url === '/page.js') {
          response.setHeader('content-type', 'text/javascript').end(script);
        } else if (request.url?.startsWith('/wasm/')) {
          const file = path.join(path.dirname(require.resolve(packages[2]!)), path.basename(request.url));
          response.setHeader('content-type', 'application/wasm').end(readFileSync(file));
        } else {
          response
            .setHeader('content-type', 'text/html')
            .end('<script type="module" src="/page.js"></script>');
        }
      });
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}`];
        child = spawn(browser!, [...flags, `http://127.0.0.1:${port}/`], { stdio: 'ignore' });
        child.on('error', reject);
        child.on('exit', (code) =>
          reject(new Error(`${browser} ended (${code}) before the page said anything`)),
        );
      });
    });
  } finally {
    await new Promise<void>((resolve) => {
      if (child === undefined || child.exitCode !== null) resolve();
      else child.once('exit', () => resolve()).kill();
    });
    server.closeAllConnections();
    server.close();
  }
}

describe('in a browser', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'limbeck-browser-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  test.for(['cpu', 'wasm'])(
    'a student is distilled on %s',
    { timeout: 120_000 },
    async (device, { skip }) => {
      const reason = missing();
      if (reason !== undefined) skip(reason);
      const target = distillation();
      let state = stateOf(target);
      const expected: number[] = [];
      for (let step = 0; step < steps; step++) {
        const result = interpret(target, new Map(Object.entries(batch(step))), state);
        expected.push(result.outputs.get('loss')!.data[0]!);
        state = result.state;
      }
      const { code, imports } = await bundle(page(device));
      expect(imports).toEqual([]);
      const result = await open(code, folder);
      expect(result).toEqual({ losses: expected.map((loss) => expect.closeTo(loss, 3)), leaked: 0 });
    },
  );
});
