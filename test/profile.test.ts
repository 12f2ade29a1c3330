import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { tfjsBackend } from '@limbeck/backend-tfjs';
import { isRequired } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limbeck } from './limbeck.js';

const found = await tfjsBackend.capabilities();
const missing = !found.available && !isRequired('tfjs-session');

const config = {
  plugins: [fileURLToPath(new URL('end-to-end/tiny-images.mjs', import.meta.url))],
  data: { use: 'corners', batchSize: 16 },
  student: { use: 'resnet8' },
  train: { epochs: 1 },
  backend: { use: 'tfjs', device: 'cpu' },
};

// TensorFlow uses oneDNN by itself on newer CPUs only, and profiles are of oneDNN's primitives
process.env.TF_ENABLE_ONEDNN_OPTS = '1';

const profile = (folder: string) => limbeck(['bench', '--steps', '2', '--profile'], folder);

describe.skipIf(missing)(
  `limbeck bench --profile on TensorFlow's session${missing ? ' (not here)' : ''}`,
  () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'limbeck-profile-test-'));
      writeFileSync(path.join(folder, 'limbeck.config.json'), JSON.stringify(config));
    });
    afterEach(() => {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    });

    test('prints time by primitive and by shape, and what is left of the step', {
      timeout: 60_000,
    }, async () => {
      const { code, stdout, stderr } = await profile(folder);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain("profiling 'student'");
      expect(stdout).toMatch(/^student: \d+\.\d ms a step while profiled, \d+\.\d of them in operations$/m);
      for (const direction of ['forward', 'backward data', 'backward weights'])
        expect(stdout).toMatch(
          new RegExp(`^ *\\d+\\.\\d\\d +\\d+\\.\\d % +\\d+ +convolution ${direction}$`, 'm'),
        );
      expect(stdout).toMatch(/^ *\d+\.\d\d +\d+\.\d % +other operations, not oneDNN$/m);
      expect(stdout).toMatch(/ +convolution \w+.* {2}mb16_ic16oc16\S+ {2}\S+$/m);
      expect(readdirSync(folder)).toEqual(['limbeck.config.json']);
    });

    test('prints why there is none, and the times of the steps all the same', {
      timeout: 60_000,
    }, async () => {
      vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', '0');
      const { code, stdout } = await profile(folder);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^student +tfjs +\d+\.\d$/m);
      expect(stdout).toMatch(
        /^there are no times of the operations of 'student': .*TF_ENABLE_ONEDNN_OPTS=0/m,
      );
      expect(stdout).toMatch(/^hint: unset TF_ENABLE_ONEDNN_OPTS/m);
    });
  },
);
