import { readFileSync } from 'node:fs';
import { coreVersion } from '@limbeck/core/host';
import { describe, expect, it } from 'vitest';
import { oldestNode } from './commands/doctor.js';
import { folderWith, limbeck } from './testing/command-line.js';
import { version } from './version.js';

const here = folderWith();

describe('help', () => {
  it.each([
    'limbeck',
    'demo',
    'init',
    'train',
    'eval',
    'inspect',
    'export',
    'convert',
    'doctor',
    'config',
    'config print',
    'config explain',
    'config keys',
    'plugins list',
    'data',
    'data list',
    'data fetch',
    'data stats',
    'data verify',
  ])('of %s', async (command) => {
    const words = command.split(' ').filter((word) => word !== 'limbeck');
    const { code, stdout, stderr } = await limbeck([...words, '--help'], here);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
  });
});

describe('version', () => {
  it('is that of the package and of its core', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect((await limbeck(['--version'], here)).stdout).toBe(`${manifest.version}\n`);
    expect(version).toBe(manifest.version);
    expect(coreVersion).toBe(version);
    expect(`>=${oldestNode}`).toBe(manifest.engines.node);
  });
});

describe('the command line', () => {
  it.each([
    ['a misspelt command', ['trian'], "unknown command 'trian'", "did you mean 'train'?"],
    [
      'a misspelt option',
      ['train', '--reusme', 'x'],
      "unknown option '--reusme'",
      "did you mean '--resume'?",
    ],
    ['an argument too many', ['train', 'a', 'b'], 'too many arguments', ''],
    ['a missing argument', ['eval'], "missing required argument 'target'", ''],
    ['a choice there is not', ['init', '--format', 'toml'], "argument 'toml' is invalid", ''],
  ])('refuses %s', async (_, args, message, hint) => {
    const { code, stdout, stderr } = await limbeck(args, here);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('error[USAGE]: ');
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('without a command prints the help and fails', async () => {
    const { code, stderr } = await limbeck([], here);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: limbeck');
    expect(stderr).toContain('error[USAGE]: a command is missing');
  });

  it('prints errors as one JSON object with --json', async () => {
    const { code, events, stderr } = await limbeck(['train', 'nowhere.yaml', '--json'], here);
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(events()).toEqual([
      {
        type: 'error',
        error: expect.objectContaining({ code: 'CONFIG_NOT_FOUND', exitCode: 2, hint: expect.any(String) }),
      },
    ]);
    expect(events()[0]!.error).not.toHaveProperty('stack');
  });

  it('shows where an error comes from with --debug', async () => {
    const { stderr } = await limbeck(['train', 'nowhere.yaml', '--debug'], here);
    expect(stderr).toMatch(/\n\s+at /);
  });

  it('colours errors on a terminal only, and never under NO_COLOR', async () => {
    const stderr = (env: Record<string, string>) => {
      const written: string[] = [];
      const stream = { isTTY: true, write: (text: string) => written.push(text) };
      return limbeck(['trian'], here, { stderr: stream, env }).then(() => written.join(''));
    };
    expect(await stderr({})).toContain('\u001b[31m');
    expect(await stderr({ NO_COLOR: '1' })).not.toContain('\u001b');
  });
});
