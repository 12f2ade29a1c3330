import { Header } from 'tar';
import { describe, expect, test } from 'vitest';
import { tarEntries } from './entries.js';

describe('tar archives', () => {
  /** An archive of entries of any type. */
  function tar(
    entries: readonly { path: string; type?: string; linkpath?: string; text?: string }[],
  ): Buffer {
    const blocks = entries.flatMap(({ path: name, type = 'File', linkpath, text = '' }) => {
      const block = Buffer.alloc(512);
      const header = new Header({
        path: name,
        type: type as 'File',
        linkpath,
        size: text.length,
        mode: 0o644,
      });
      header.encode(block, 0);
      return [block, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)];
    });
    return Buffer.concat([...blocks, Buffer.alloc(1024)]);
  }
  const list = (bytes: Buffer) => [
    ...tarEntries((offset, length) => bytes.subarray(offset, offset + length), {
      source: 'x.tar',
      length: bytes.length,
    }),
  ];

  test.each([
    [
      'a symbolic link',
      [{ path: 'a.jpg', type: 'SymbolicLink', linkpath: '/etc/passwd' }],
      'is no file but a SymbolicLink',
    ],
    ['a hard link', [{ path: 'a.jpg', type: 'Link', linkpath: 'b.jpg' }], 'is no file but a Link'],
    ['a device', [{ path: 'a.jpg', type: 'CharacterDevice' }], 'is no file but a CharacterDevice'],
    ['a pipe', [{ path: 'a.jpg', type: 'FIFO' }], 'is no file but a FIFO'],
    [
      'a name twice',
      [
        { path: 'a.jpg', text: 'x' },
        { path: './a.jpg', text: 'y' },
      ],
      "'a.jpg' is there twice",
    ],
    ['a way out', [{ path: 'a/../../b.jpg', text: 'x' }], 'leads outside the archive'],
    ['an absolute name', [{ path: '/b.jpg', text: 'x' }], 'leads outside the archive'],
  ])('%s is refused', (_, entries, message) => {
    expect(() => list(tar(entries))).toThrow(message);
  });

  test('folders are passed over, files found where they lie', () => {
    const bytes = tar([
      { path: 'd/', type: 'Directory' },
      { path: 'd/a.txt', text: 'hello' },
    ]);
    expect(list(bytes)).toEqual([{ name: 'd/a.txt', offset: 1024, size: 5 }]);
  });
});
