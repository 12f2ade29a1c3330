import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isLimbeckError, type LimbeckError, type PublishedFile } from '@limbeck/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FetchOptions, fetchDataset } from './fetch-dataset.js';

const published = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i) >> 5));
const sha256 = createHash('sha256').update(published).digest('hex');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let folder: string;
let answers: Record<string, Answer>;
let requests: string[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-fetch-'));
  answers = { '/good': whole(published), '/ranges': ranges(published) };
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? 'all'}`);
    const answer = answers[request.url!];
    if (answer) answer(request, response);
    else response.writeHead(404).end('no such file');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

function whole(bytes: Buffer): Answer {
  return (_, response) => response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
}

function ranges(bytes: Buffer): Answer {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start === 0) return response.writeHead(200).end(bytes);
    if (start >= bytes.length) return response.writeHead(416).end();
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    return response.writeHead(206, { 'Content-Range': range }).end(bytes.subarray(start));
  };
}

const address = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
const target = (name = 'images.gz') => path.join(folder, 'set', name);

function fetchFrom(names: string[], options: Partial<FetchOptions> = {}, file: Partial<PublishedFile> = {}) {
  const declared = { name: 'images.gz', urls: names.map(address), sha256, size: published.length, ...file };
  return fetchDataset({ id: 'set', files: [declared] }, { dataDir: folder, ...options });
}

async function failure(run: Promise<unknown>): Promise<LimbeckError> {
  const error = await run.then(
    () => undefined,
    (reason) => reason,
  );
  if (!isLimbeckError(error)) throw error ?? new Error('nothing was thrown');
  return error;
}

/** Length of a file that holds the beginning of the published bytes (or all of them), 'others' for any other file. */
async function firstBytesAt(file: string): Promise<number | 'others'> {
  const bytes = await readFile(file);
  return published.subarray(0, bytes.length).equals(bytes) ? bytes.length : 'others';
}

async function leave(name: string, bytes: Buffer): Promise<void> {
  await mkdir(path.join(folder, 'set'), { recursive: true });
  await writeFile(target(name), bytes);
}

describe('fetchDataset', () => {
  test('downloads a file and reports progress up to its size', async () => {
    const received: number[] = [];
    const fetched = await fetchFrom(['good'], { onProgress: (progress) => received.push(progress.received) });
    expect(fetched).toEqual([{ name: 'images.gz', path: target(), status: 'downloaded' }]);
    expect(await firstBytesAt(target())).toBe(published.length);
    expect(await readdir(path.join(folder, 'set'))).toEqual(['images.gz']);
    expect(received.at(-1)).toBe(published.length);
    expect(received).toEqual(received.toSorted((a, b) => a - b));
  });

  test('leaves a good file alone and asks nobody', async () => {
    await leave('images.gz', published);
    expect(await fetchFrom(['good'])).toMatchObject([{ status: 'present' }]);
    expect(requests).toEqual([]);
  });

  test.each([
    ['a wrong size', Buffer.from('short'), 'it has 5 bytes, published are 200000'],
    ['wrong bytes', Buffer.alloc(200_000), 'its SHA-256 is '],
  ])('reports a file of %s and does not overwrite it', async (_, bytes, difference) => {
    await leave('images.gz', bytes);
    const error = await failure(fetchFrom(['good']));
    expect(error.code).toBe('BAD_DATA');
    expect(error.message).toContain(difference);
    expect(error.message).toContain(target());
    expect(bytes.equals(await readFile(target()))).toBe(true);
    expect(requests).toEqual([]);
  });

  test('continues a partial file', async () => {
    await leave('images.gz.part', published.subarray(0, 150_000));
    await fetchFrom(['ranges']);
    expect(requests).toEqual(['/ranges bytes=150000-']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('starts again when the server ignores the range', async () => {
    await leave('images.gz.part', published.subarray(0, 150_000));
    await fetchFrom(['good']);
    expect(requests).toEqual(['/good bytes=150000-']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('starts again when the server answers with another range', async () => {
    await leave('images.gz.part', published.subarray(0, 150_000));
    answers['/odd'] = (request, response) =>
      request.headers.range === undefined
        ? response.writeHead(200).end(published)
        : response.writeHead(206, { 'Content-Range': 'bytes 0-199999/200000' }).end(published);
    await fetchFrom(['odd']);
    expect(requests).toEqual(['/odd bytes=150000-', '/odd all']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('starts again when the server finds the range unsatisfiable', async () => {
    await leave('images.gz.part', published.subarray(0, 150_000));
    answers['/unsatisfiable'] = (request, response) =>
      request.headers.range === undefined
        ? response.writeHead(200).end(published)
        : response.writeHead(416).end();
    await fetchFrom(['unsatisfiable']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('starts again when the partial file proves wrong', async () => {
    await leave('images.gz.part', Buffer.alloc(150_000));
    await fetchFrom(['ranges']);
    expect(requests).toEqual(['/ranges bytes=150000-', '/ranges all']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('takes a partial file that is whole, without asking', async () => {
    await leave('images.gz.part', published);
    await fetchFrom(['good']);
    expect(requests).toEqual([]);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('starts again when the partial file is too long', async () => {
    await leave('images.gz.part', Buffer.concat([published, Buffer.alloc(9)]));
    await fetchFrom(['ranges']);
    expect(requests).toEqual(['/ranges all']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('tries the addresses in order and reports every fault', async () => {
    await fetchFrom(['missing', 'good']);
    expect(requests).toEqual(['/missing all', '/good all']);

    await rm(target());
    const error = await failure(fetchFrom(['missing', 'gone']));
    expect(error.code).toBe('DOWNLOAD_FAILED');
    expect(error.message).toContain(`${address('missing')} answered 404 Not Found`);
    expect(error.message).toContain(`${address('gone')} answered 404 Not Found`);
  });

  test('refuses wrong bytes and keeps none of them', async () => {
    answers['/wrong'] = whole(Buffer.alloc(published.length));
    const error = await failure(fetchFrom(['wrong']));
    expect(error.code).toBe('DOWNLOAD_FAILED');
    expect(error.message).toMatch(/sent a wrong file: its SHA-256 is [0-9a-f]{64}, published is /);
    expect(await readdir(path.join(folder, 'set'))).toEqual([]);
  });

  test('keeps what a broken connection brought, and continues from there', async () => {
    answers['/broken'] = (_, response) => {
      response.writeHead(200, { 'Content-Length': published.length });
      response.write(published.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
    };
    expect((await failure(fetchFrom(['broken']))).code).toBe('DOWNLOAD_FAILED');
    expect(await firstBytesAt(target('images.gz.part'))).toBe(100_000);
    await fetchFrom(['ranges']);
    expect(requests).toEqual(['/broken all', '/ranges bytes=100000-']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('refuses a file that ends early although the answer is whole', async () => {
    answers['/short'] = whole(published.subarray(0, 1000));
    const error = await failure(fetchFrom(['short']));
    expect(error.message).toContain('broke off after 1000 of 200000 bytes');
  });

  test('stops a server that sends too much', async () => {
    answers['/endless'] = (_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(published));
      };
      response.on('drain', more);
      more();
    };
    const error = await failure(fetchFrom(['endless']));
    expect(error.message).toContain('sent more than the published 200000 bytes');
    await fetchFrom(['good']);
    expect(await firstBytesAt(target())).toBe(published.length);
  });

  test('gives up a silent server', async () => {
    answers['/silent'] = () => {};
    const error = await failure(fetchFrom(['silent'], { idleTimeout: 0.05 }));
    expect(error.message).toContain('sent nothing for 0.05 s');
  });

  test('an interrupted download says so and can be continued', async () => {
    answers['/slow'] = (_, response) => {
      response.writeHead(200);
      response.write(published.subarray(0, 1000));
    };
    const interrupt = new AbortController();
    const error = await failure(
      fetchFrom(['slow'], { signal: interrupt.signal, onProgress: () => interrupt.abort() }),
    );
    expect(error.code).toBe('INTERRUPTED');
    expect(await firstBytesAt(target('images.gz.part'))).toBe(1000);
  });

  test('a mirror is asked instead, by file name', async () => {
    answers['/mirror/images.gz'] = whole(published);
    await fetchFrom(['missing'], { baseUrl: `${address('mirror')}/` });
    expect(requests).toEqual(['/mirror/images.gz all']);
  });

  test('names the folder it cannot write', async () => {
    await writeFile(path.join(folder, 'file'), '');
    const error = await failure(fetchFrom(['good'], { dataDir: path.join(folder, 'file') }));
    expect(['WRITE_FAILED', 'BAD_FILE']).toContain(error.code);
    expect(error.message).toContain(path.join(folder, 'file', 'set'));
  });

  test.each([
    [{ name: '../escape' }, 'lies outside its own folder'],
    [{ name: '..' }, 'lies outside its own folder'],
    [{ size: -1 }, 'has the size -1'],
    [{ sha256: 'abc' }, "has the SHA-256 'abc'"],
  ])('refuses the declaration %j', async (file, fault) => {
    const error = await failure(fetchFrom(['good'], {}, file));
    expect(error.code).toBe('BAD_DATA');
    expect(error.message).toContain(fault);
    expect(requests).toEqual([]);
  });

  test('a bundled data set needs nothing', async () => {
    expect(await fetchDataset({ id: 'bundled', files: [] }, { dataDir: folder })).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });
});
