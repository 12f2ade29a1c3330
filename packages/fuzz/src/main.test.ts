import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

test('the command compares random programs', { timeout: 120_000 }, async () => {
  const said: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  vi.spyOn(process, 'argv', 'get').mockReturnValue([
    'node',
    'main.js',
    ...['--programs', '3', '--backend', 'reference', '--seed', '5'],
  ]);
  await import('./main.js');
  expect(said.join('')).toMatch(
    /^reference, seed 5: 3 agreed, 0 refused, \d+ % of the elements are settled\n$/,
  );
  expect(process.exitCode).toBe(0);
});
