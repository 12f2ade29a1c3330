import { describe, expect, it } from 'vitest';
import { endOfOutput, explainNpmFailure, npmCommand } from './npm.mjs';

describe('npmCommand', () => {
  it('is the npm that is already running', () => {
    const npm_execpath = '/usr/lib/node_modules/npm/bin/npm-cli.js';
    expect(npmCommand({ npm_execpath }, 'linux')).toEqual([process.execPath, npm_execpath]);
  });

  it('is the npm on the PATH otherwise', () => {
    expect(npmCommand({}, 'linux')).toEqual(['npm']);
    expect(npmCommand({ npm_execpath: '/usr/lib/yarn/bin/yarn.js' }, 'darwin')).toEqual(['npm']);
    expect(npmCommand({}, 'win32')).toEqual(['npm.cmd']);
  });
});

describe('explainNpmFailure', () => {
  it.each([
    ['npm error code ENOTFOUND', 'cannot reach its registry'],
    ['npm error FetchError: request failed, reason: connect ECONNREFUSED', 'cannot reach its registry'],
    ['npm error code ENOSPC', 'disk is full'],
    ['npm error EROFS: read-only file system', 'writable copy'],
    ['npm error code EUSAGE', 'package-lock.json does not agree'],
    ['npm error something else', 'the end of its output is above'],
  ])('%s: %s', (output, expected) => {
    expect(explainNpmFailure('ci', output)).toContain(expected);
  });
});

describe('endOfOutput', () => {
  it('is the last lines', () => {
    const lines = Array.from({ length: 40 }, (_, line) => `line ${line}`);
    expect(endOfOutput(`${lines.join('\n')}\n`).split('\n')).toEqual(lines.slice(-15));
  });

  it('leaves out the stack and the help page', () => {
    const output = [
      'npm error code EUSAGE',
      'npm error Missing: a@1.0.0 from lock file',
      'npm error     at emit (node:events:1:1)',
      'npm error Clean install a project',
      'npm error Usage:',
    ];
    expect(endOfOutput(output.join('\n')).split('\n')).toEqual(output.slice(0, 2));
  });
});
