import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onnxBackend } from '@limbeck/backend-onnx';
import { readSafetensors, writeSafetensors } from '@limbeck/formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { distilledFolder, limbeck } from '../testing/command-line.js';

let folder = '';

beforeAll(async () => {
  folder = await distilledFolder();
});

const parsed = ({ stdout }: { stdout: string }) => JSON.parse(stdout);

describe('an epoch of a run', () => {
  const names = (file: string) => [
    ...readSafetensors(readFileSync(path.join(folder, file)), { source: file }).tensors.keys(),
  ];

  it('is evaluated, exported and started from, whether its run has finished or not', async () => {
    const keep = ['--set', 'train.checkpoint.keep.everyEpochs=1'];
    await limbeck(['train', 'distilled.yaml', '--out', 'epochs', '--set', 'train.epochs=3', ...keep], folder);
    const lines = readFileSync(path.join(folder, 'epochs/metrics.jsonl'), 'utf8').trim().split('\n');
    const epochs = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'epoch');
    for (const { epoch, test } of epochs) {
      const measured = await limbeck(['eval', 'epochs', '--epoch', String(epoch), '--json'], folder);
      expect(parsed(measured).metrics, `epoch ${epoch}`).toEqual(test);
    }
    const best = await limbeck(['eval', 'epochs', '--best', '--json'], folder);
    expect(parsed(best).metrics).toEqual(epochs.findLast((event) => event.best).test);
    const exported = parsed(
      await limbeck(['export', 'epochs', '--epoch', '1', '--format', 'safetensors', '--json'], folder),
    );
    expect(exported.file).toBe(path.join(folder, 'epochs/student-epoch-1.safetensors'));
    expect(names('epochs/student-epoch-1.safetensors')).toEqual(names('epochs/student.safetensors'));
    const start = `student.weights={"run":"epochs","epoch":1}`;
    const measured = await limbeck(['eval', 'distilled.yaml', '--set', start, '--json'], folder);
    expect(parsed(measured).metrics).toEqual(epochs[0].test);
    const begun = await limbeck(['train', 'distilled.yaml', '--set', start, '--out', 'begun'], folder);
    expect(begun).toMatchObject({ code: 0 });
  });

  it.each<[string[], RegExp]>([
    [['eval', 'run/student.safetensors', '--best'], /is no run folder; --best and --epoch choose/],
    [['export', 'run', '--format', 'onnx', '--best', '--epoch', '1'], /--best.*cannot be used with.*--epoch/],
    [['eval', 'run', '--epoch', '77'], /does not hold the weights of epoch 77/],
    [
      ['eval', 'distilled.yaml', '--set', 'student.weights={"epoch":2,"file":"x"}'],
      /is for weights of a `run`/,
    ],
  ])('is refused: %j', async (args, message) => {
    const { code, stderr } = await limbeck(args, folder);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});

describe('limbeck export', () => {
  it('writes the student again, and never over a file', async () => {
    const again = path.join(folder, 'again.safetensors');
    expect(
      parsed(
        await limbeck(
          ['export', 'run', '--format', 'safetensors', '--out', 'again.safetensors', '--json'],
          folder,
        ),
      ),
    ).toMatchObject({
      file: again,
      format: 'safetensors',
    });
    expect(readFileSync(again).equals(readFileSync(path.join(folder, 'run', 'student.safetensors')))).toBe(
      true,
    );
    const refused = await limbeck(['export', 'run', '--format', 'safetensors'], folder);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('error[ALREADY_EXISTS]: ');
    expect(refused.stderr).toContain('--force');
    expect((await limbeck(['export', 'run', '--format', 'safetensors', '--force'], folder)).code).toBe(0);
  });

  it('makes ONNX of weights alone, which say what they are', async () => {
    writeFileSync(
      path.join(folder, 'lonely.safetensors'),
      readFileSync(path.join(folder, 'run', 'student.safetensors')),
    );
    expect((await limbeck(['export', 'lonely.safetensors', '--format', 'onnx'], folder)).code).toBe(0);
    const exported = readFileSync(path.join(folder, 'lonely.onnx'));
    expect(exported.equals(readFileSync(path.join(folder, 'run', 'student.onnx')))).toBe(true);
  });

  it('makes ONNX of weights from elsewhere, which a configuration speaks for', async () => {
    const bare = (name: string, rename?: readonly [string, string]) => {
      const source = path.join(folder, 'run/student.safetensors');
      const { tensors } = readSafetensors(readFileSync(source), { source });
      const named = [...tensors].map(([at, value]) => [rename ? at.replace(...rename) : at, value] as const);
      writeFileSync(path.join(folder, name), writeSafetensors(new Map(named)));
    };
    bare('bare.safetensors');
    // the configuration found here, or one that is named
    for (const config of [[], ['--config', 'distilled.yaml']]) {
      const made = await limbeck(
        ['export', 'bare.safetensors', '--format', 'onnx', '--force', ...config],
        folder,
      );
      expect(made, made.stderr).toMatchObject({ code: 0 });
    }
    const args = ['eval', 'distilled.yaml', '--weights', 'bare.safetensors', '--json'];
    const onnx = await limbeck(['eval', 'bare.onnx', '--json'], folder);
    expect(parsed(onnx).metrics).toEqual(parsed(await limbeck(args, folder)).metrics);
    const { metadata } = parsed(await limbeck(['inspect', 'bare.onnx', '--json'], folder));
    expect(metadata).toMatchObject({ 'limbeck.backbone': 'speck' });
    bare('foreign.safetensors', ['fc', 'head']);
    writeFileSync(
      path.join(folder, 'foreign.yaml'),
      "extends: ./limbeck.config.yaml\nstudent: { use: speck, rename: [['^head', 'fc']] }",
    );
    const renamed = ['export', 'foreign.safetensors', '--config', 'foreign.yaml', '--format', 'onnx'];
    expect(await limbeck(renamed, folder)).toMatchObject({ code: 0 });
  });

  it('takes pixels as they come, in either layout, gives embeddings, in the operator set and type asked for', async () => {
    const named = (name: string, ...args: string[]) =>
      limbeck(['export', 'run', '--format', 'onnx', '--out', `${name}.onnx`, ...args], folder);
    for (const [name, ...args] of [
      ['plain'],
      ['pixels', '--normalize'],
      ['last', '--normalize', '--layout', 'NHWC'],
      ['half', '--dtype', 'float16', '--opset', '17'],
      ['encoder', '--embedding'],
    ] as [string, ...string[]][]) {
      const made = await named(name, ...args);
      expect(made, made.stderr).toMatchObject({ code: 0 });
    }
    const run = async (name: string, shape: number[], data: Float32Array) => {
      const loaded = await onnxBackend.load!(readFileSync(path.join(folder, `${name}.onnx`)), { threads: 1 });
      const outputs = await loaded.run({ image: { dtype: 'float32', shape, data } });
      const values = Object.values(outputs).map((value) => Array.from(value!.data as Float32Array));
      await loaded.dispose();
      return values[0]!;
    };
    const pixels = Float32Array.from({ length: 2 * 64 }, (_, i) => (i * 37) % 256);
    const normalized = pixels.map((value) => (value / 255 - 0.5) / 0.3);
    const expected = await run('plain', [2, 1, 8, 8], normalized);
    const close = (actual: number[], tolerance: number) => {
      expect(actual).toHaveLength(expected.length);
      for (const [i, value] of actual.entries())
        expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance);
    };
    close(await run('pixels', [2, 1, 8, 8], pixels), 1e-5);
    // one channel: the order of the axes makes no difference to the numbers
    close(await run('last', [2, 8, 8, 1], pixels), 1e-5);
    close(await run('half', [2, 1, 8, 8], normalized), 0.05);
    expect(await run('encoder', [2, 1, 8, 8], normalized)).toHaveLength(2 * 64);
    const { opsets, metadata } = parsed(await limbeck(['inspect', 'half.onnx', '--json'], folder));
    expect(opsets).toEqual({ 'ai.onnx': 17 });
    expect(metadata).toMatchObject({
      'limbeck.epoch': '2',
      'limbeck.split': 'test',
      'limbeck.input': 'pixels from 0 to 1, normalized, NCHW',
      'limbeck.output': 'logits',
    });
    const { stdout } = await limbeck(['inspect', 'last.onnx'], folder);
    expect(stdout).toMatch(/limbeck\.input +pixels from 0 to 255, NHWC/);
    expect(stdout).toMatch(/limbeck\.pictures +.*"classNames":\["left","right"\]/);
  });

  it.each<[string[], RegExp]>([
    [['--format', 'onnx', '--opset', '12'], /opset.*found 12|>=13/],
    [
      ['--format', 'safetensors', '--normalize'],
      /--normalize is for models, and safetensors holds weights alone/,
    ],
    [['--format', 'savedmodel', '--opset', '17'], /opset/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await limbeck(['export', 'run', '--out', 'refused', ...args], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('is written at the end of a run in every form that is named', async () => {
    const exported =
      'train.export=[{"use":"onnx","opset":15},{"use":"onnx","name":"pixels","normalize":true,"dtype":"float16"}]';
    const { stderr } = await limbeck(
      ['train', '--out', 'forms', '--set', exported, '--set', 'license=Apache-2.0'],
      folder,
    );
    expect(stderr).toBe('');
    const { files } = JSON.parse(readFileSync(path.join(folder, 'forms/result.json'), 'utf8'));
    expect(Object.keys(files)).toEqual(['safetensors', 'onnx', 'onnx pixels']);
    const { metadata, opsets } = parsed(await limbeck(['inspect', 'forms/pixels.onnx', '--json'], folder));
    expect(metadata).toMatchObject({
      'limbeck.license': 'Apache-2.0',
      'limbeck.input': 'pixels from 0 to 255, NCHW',
    });
    expect(opsets).toEqual({ 'ai.onnx': 13 });
  });

  it('in int8 is refused where nothing gains, and a run ends without it', async () => {
    const { code, stderr } = await limbeck(
      ['export', 'run', '--format', 'onnx', '--precision', 'int8'],
      folder,
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('only convolutions after the first one gain');
    expect(existsSync(path.join(folder, 'run/student-int8.onnx'))).toBe(false);
    const exported = 'train.export=[{"use":"onnx","precision":"int8"}]';
    const ended = await limbeck(['train', '--out', 'without', '--set', exported], folder);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout + ended.stderr).toContain("'onnx' in int8 is not written: nothing of 'deployed'");
    const { files } = JSON.parse(readFileSync(path.join(folder, 'without/result.json'), 'utf8'));
    expect(Object.keys(files)).toEqual(['safetensors']);
    const needless = await limbeck(['export', 'run', '--format', 'onnx', '--max-drop', '2'], folder);
    expect(needless.stderr).toContain('error[USAGE]: --max-drop is for int8');
  });

  it('leaves projectors and teacher behind', () => {
    const { tensors } = readSafetensors(readFileSync(path.join(folder, 'run', 'student.safetensors')));
    expect([...tensors.keys()].sort()).toEqual(['conv1.bias', 'conv1.weight', 'fc.bias', 'fc.weight']);
  });

  it.each([
    ['an unknown format', ['run', '--format', 'onix'], 2, 'UNKNOWN_ID'],
    ['no format', ['run'], 2, 'USAGE'],
    ['a model file', ['run/student.onnx', '--format', 'onnx'], 2, 'USAGE'],
  ])('refuses %s', async (_, args, status, expected) => {
    const { code, stderr } = await limbeck(['export', ...args], folder);
    expect(stderr).toContain(`error[${expected}]: `);
    expect(code).toBe(status);
  });
});
