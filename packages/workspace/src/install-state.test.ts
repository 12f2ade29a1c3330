import { describe, expect, it } from 'vitest';
import { installIdentity, judgeInstall } from './install-state.mjs';

const lock = {
  packages: {
    '': {},
    'packages/graph': { version: '0.1.0' },
    'node_modules/@limbeck/graph': { link: true },
    'node_modules/zod': { version: '4.6.7', integrity: 'sha512-a' },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  },
};
const installed = {
  packages: {
    'node_modules/@limbeck/graph': { link: true },
    'node_modules/zod': { version: '4.6.7', integrity: 'sha512-a' },
  },
};
const finished = { present: true, wanted: 'now', stamp: { identity: 'now' }, lock, installed };

describe('judgeInstall', () => {
  it('is content when the stamp names what is wanted', () => {
    expect(judgeInstall(finished)).toEqual({ action: 'fresh' });
  });

  it('installs in a fresh clone', () => {
    expect(
      judgeInstall({ present: false, wanted: 'now', stamp: undefined, lock, installed: undefined }),
    ).toEqual({
      action: 'install',
      reason: 'node_modules is missing',
    });
  });

  it('installs again after an interrupted install, whatever the stamp says', () => {
    const verdict = { action: 'install', reason: 'node_modules is unfinished' };
    expect(judgeInstall({ ...finished, stamp: undefined, installed: undefined })).toEqual(verdict);
    expect(judgeInstall({ ...finished, installed: undefined })).toEqual(verdict);
  });

  it('takes over what npm installed by hand', () => {
    expect(judgeInstall({ ...finished, stamp: undefined })).toEqual({ action: 'adopt' });
    expect(judgeInstall({ ...finished, stamp: { identity: 'before' } })).toEqual({ action: 'adopt' });
  });

  it.each([
    ['another version', { 'node_modules/zod': { version: '4.6.6', integrity: 'sha512-a' } }],
    ['other contents', { 'node_modules/zod': { version: '4.6.7', integrity: 'sha512-b' } }],
    ['a folder where the lock has a link', { 'node_modules/@limbeck/graph': { version: '0.1.0' } }],
  ])('installs when node_modules holds %s', (_, difference) => {
    const packages = { ...installed.packages, ...difference };
    expect(judgeInstall({ ...finished, stamp: { identity: 'before' }, installed: { packages } })).toEqual({
      action: 'install',
      reason: 'node_modules is out of date',
    });
  });

  it('installs when a package of the lock is absent', () => {
    const packages = { 'node_modules/@limbeck/graph': { link: true } };
    expect(judgeInstall({ ...finished, stamp: undefined, installed: { packages } }).action).toBe('install');
  });

  it('installs when there is no lock to compare with', () => {
    expect(judgeInstall({ ...finished, stamp: undefined, lock: undefined }).action).toBe('install');
  });
});

describe('installIdentity', () => {
  it('differs by content, by where one text ends, and by platform', () => {
    const identities = [
      installIdentity(['ab'], 'linux-x64'),
      installIdentity(['a', 'b'], 'linux-x64'),
      installIdentity(['ab'], 'linux-arm64'),
      installIdentity(['abc'], 'linux-x64'),
    ];
    expect(new Set(identities).size).toBe(identities.length);
    expect(installIdentity(['ab'], 'linux-x64')).toBe(identities[0]);
  });
});
