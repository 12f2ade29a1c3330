import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors, writeSafetensors } from '@limbeck/formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { distilledFolder, limbeck } from '../testing/command-line.js';

let folder = '';

beforeAll(async () => {
  folder = await distilledFolder();
});

const parsed = ({ stdout }: { stdout: string }) => JSON.parse(stdout);

describe('limbeck eval', () => {
  it('measures run folders, weights and ONNX files alike', async () => {
    const evaluate = (...args: string[]) => limbeck(['eval', ...args, '--json'], folder).then(parsed);
    const last = JSON.parse(readFileSync(path.join(folder, 'run', 'result.json'), 'utf8')).last;
    for (const target of [
      ['run'],
      ['run/student.safetensors'],
      ['run/student.onnx'],
      ['distilled.yaml', '--weights', 'run/student.safetensors'],
    ]) {
      expect(await evaluate(...target), target.join(' ')).toMatchObject({
        data: 'dots',
        samples: 20,
        metrics: last,
      });
    }
    const { stdout } = await limbeck(['eval', 'run'], folder);
    expect(stdout).toMatch(/top1 \S+ % on 20 test images of dots/);
  });

  it('and weights in every format they are converted to, which say what they are for', async () => {
    const last = JSON.parse(readFileSync(path.join(folder, 'run', 'result.json'), 'utf8')).last;
    for (const name of ['converted.pth', 'converted.npz']) {
      await limbeck(['convert', 'run/student.safetensors', name], folder);
      const args = ['eval', 'distilled.yaml', '--weights', name, '--json'];
      expect(parsed(await limbeck(args, folder)).metrics, name).toEqual(last);
    }
    const exported = await limbeck(['export', 'converted.pth', '--format', 'onnx'], folder);
    expect(exported).toMatchObject({ code: 0 });
    expect(existsSync(path.join(folder, 'converted.onnx'))).toBe(true);
  });

  it('and foreign names, once they are renamed', async () => {
    await limbeck(['convert', 'run/student.safetensors', 'foreign.pth', '--rename', '^fc=head'], folder);
    const args = ['eval', 'distilled.yaml', '--weights', 'foreign.pth', '--json'];
    const refused = await limbeck(args, folder);
    const { error } = JSON.parse(refused.stdout.trim().split('\n').at(-1)!);
    expect(error.code).toBe('WEIGHTS_MISMATCH');
    const rename = error.hint.slice(error.hint.indexOf('rename: ') + 'rename: '.length).replaceAll("'", '"');
    const mended = await limbeck([...args, '--set', `student.rename=${rename}`], folder);
    expect(mended).toMatchObject({ code: 0 });
  });

  it('takes the weights of an ONNX file out of it', async () => {
    const { code } = await limbeck(['convert', 'run/student.onnx', 'from-onnx.safetensors'], folder);
    expect(code).toBe(0);
    const { tensors } = readSafetensors(readFileSync(path.join(folder, 'from-onnx.safetensors')));
    expect(tensors.size).toBeGreaterThan(0);
  });

  it('adds metrics from the command line', async () => {
    const set = 'train.evaluate.metrics=["top1","nll"]';
    expect(parsed(await limbeck(['eval', 'run', '--set', set, '--json'], folder)).metrics).toHaveProperty(
      'nll',
    );
  });

  it.each([
    ['what is not there', ['nowhere'], 1, 'NOT_FOUND'],
    ['a folder that is no run', ['.'], 1, 'NOT_FOUND'],
    ['a configuration without weights', ['limbeck.config.yaml'], 2, 'USAGE'],
    ['weights twice', ['run/student.onnx', '--weights', 'run/student.safetensors'], 2, 'USAGE'],
    [
      'weights of another model',
      ['distilled.yaml', '--weights', 'run/student.safetensors', '--set', 'student=resnet8'],
      1,
      'WEIGHTS_MISMATCH',
    ],
  ])('refuses %s', async (_, args, status, expected) => {
    const { code, stderr } = await limbeck(['eval', ...args], folder);
    expect(stderr).toContain(`error[${expected}]: `);
    expect(code).toBe(status);
  });

  it('refuses an ONNX file that is none', async () => {
    writeFileSync(path.join(folder, 'broken.onnx'), 'not a model');
    const { code, stderr } = await limbeck(['eval', 'broken.onnx'], folder);
    expect(stderr).toContain('error[BAD_FILE]: ');
    expect(code).toBe(1);
  });
});

describe('limbeck inspect', () => {
  it('lists every model, those of the configuration too', async () => {
    const { models } = parsed(await limbeck(['inspect', '--json'], folder));
    const ids = models.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(expect.arrayContaining(['resnet8', 'resnet8x4', 'speck']));
    expect((await limbeck(['inspect'], folder)).stdout).toMatch(/^speck +one convolution +dots-plugin$/m);
  });

  it('shows layers, taps, parameters and multiply-accumulates', async () => {
    const summary = parsed(await limbeck(['inspect', 'resnet8x4', '--json'], folder));
    expect(summary).toMatchObject({
      id: 'resnet8x4',
      image: [3, 32, 32],
      classes: 100,
      parameters: 1_233_540,
    });
    const { stdout } = await limbeck(['inspect', 'resnet8', '--input', '1x28x28', '--classes', '10'], folder);
    expect(stdout).toMatch(/^layer2\.0\.conv1 +\[32, 14, 14\] +4,608 +903,168$/m);
    expect(stdout).toMatch(/^stage3\.preact +\[64, 7, 7\]$/m);
    expect(stdout).toContain('77,754 parameters, 672 further values, 9.35 M multiply-accumulates');
  });

  it('shows the options of a model, and the model under others', async () => {
    const { stdout } = await limbeck(['inspect', 'resnet18'], folder);
    expect(stdout).toMatch(
      /^stem +imagenet +cifar, imagenet +cifar: 3x3, stride 1; imagenet: 7x7, stride 2/m,
    );
    const args = [
      'inspect',
      'resnet18',
      '--set',
      'stem=cifar',
      '--classes',
      '200',
      '--input',
      '3x64x64',
      '--json',
    ];
    const { options, classes, taps } = parsed(await limbeck(args, folder));
    expect([options, classes]).toEqual([{ stem: 'cifar' }, 200]);
    expect(taps).toContainEqual({ name: 'stage4', shape: [1, 512, 8, 8] });
    const refused = await limbeck(['inspect', 'resnet18', '--set', 'stme=cifar'], folder);
    expect(refused.stderr).toContain("no option 'stme' - did you mean 'stem'?");
  });

  it('shows every standard model of a kind of its own', async () => {
    const args = ['--input', '3x64x64', '--classes', '200', '--json'];
    for (const id of [
      'densenet121',
      'deit_tiny_distilled_patch16_224',
      'ShuffleV2',
      'mobilenet_v2',
      'vgg8',
    ]) {
      const { layers, macs, parameters } = parsed(await limbeck(['inspect', id, ...args], folder));
      const total = (key: 'macs' | 'parameters') =>
        layers.reduce((sum: number, layer: Record<typeof key, number>) => sum + layer[key], 0);
      expect([total('macs'), total('parameters')]).toEqual([macs, parameters]);
    }
  });

  it('shows what a configuration composes', async () => {
    const step = parsed(await limbeck(['inspect', 'distilled.yaml', '--json'], folder));
    expect(step).toMatchObject({
      image: [1, 8, 8],
      classes: 2,
      losses: { ce: 1, feature: 25 },
      features: [{ tap: 'embedding', shape: [16, 64] }],
      deployed: { parameters: 170, owners: { student: 170 } },
    });
    expect(step.extras).toHaveLength(4);
    const { stdout } = await limbeck(['inspect', 'distilled.yaml'], folder);
    expect(stdout).toMatch(/^feature +25$/m);
    expect(stdout).toMatch(/^embedding +\[16, 64\]$/m);
    expect(stdout).toContain('deployed: 170 parameters; 704 multiply-accumulates an image');
    const { cost } = step;
    // one small linear map beside convolutions, forwards and backwards
    expect(cost.student).toBeGreaterThan(cost.bare);
    expect(cost.teachers).toBeGreaterThan(0);
    expect(stdout).toMatch(/a step: .* % more than the student alone; .* for teachers/);
  });

  it('shows the course of weights, what is balanced and remembered', async () => {
    const more = ['--set', 'distiller={"use":"dkd","warmup":3}', '--set', 'task.balance=running-magnitude'];
    const args = ['inspect', 'distilled.yaml', '--set', 'distiller=null', ...more];
    const { stdout, stderr } = await limbeck(args, folder);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^nckd +8 +linear$/m);
    expect(stdout).toContain('balanced by running-magnitude');
    expect(stdout).toMatch(/^balancer\.running-magnitude\.nckd\.sum +\[\]$/m);
  });

  it.each([
    ['an unknown model', ['resnet9'], 'UNKNOWN_ID', "did you mean 'resnet8'"],
    ['a shape that is none', ['resnet8', '--input', '32'], 'USAGE', '--input 3x32x32'],
    ['classes that are none', ['resnet8', '--classes', 'many'], 'USAGE', '--classes 100'],
  ])('refuses %s', async (_, args, expected, words) => {
    const { code, stderr } = await limbeck(['inspect', ...args], folder);
    expect(stderr).toContain(`error[${expected}]: `);
    expect(stderr).toContain(words);
    expect(code).toBe(2);
  });
});

describe('a run that has not finished', () => {
  it('has nothing to evaluate', async () => {
    const file = path.join(folder, 'taught', 'student.safetensors');
    expect(existsSync(file)).toBe(true);
    const { stderr } = await limbeck(['eval', 'taught', '--weights', 'gone.safetensors'], folder);
    expect(stderr).toContain('gone.safetensors');
  });
});

describe('an ONNX file', () => {
  it('shows its tensors, as tables and as JSON', async () => {
    const { stdout } = await limbeck(['inspect', 'run/student.onnx'], folder);
    expect(stdout).toMatch(/^input +type +shape$/m);
    expect(stdout).toMatch(/^logits +\w+ +float32 +\[/m);
    const model = parsed(await limbeck(['inspect', 'run/student.onnx', '--json'], folder));
    expect(model).toMatchObject({
      opsets: { 'ai.onnx': expect.any(Number) },
      operators: { Conv: expect.any(Number) },
    });
    expect(model.outputs.map(({ name }: { name: string }) => name)).toEqual(['logits']);
    expect(model.tensors.every(({ shape }: { shape?: unknown }) => Array.isArray(shape))).toBe(true);
  });

  it('is refused with what is wrong with it', async () => {
    writeFileSync(path.join(folder, 'broken.onnx'), 'no model');
    const { code, stderr } = await limbeck(['inspect', 'broken.onnx'], folder);
    expect([code, stderr]).toEqual([1, expect.stringContaining('error[BAD_FILE]: broken.onnx: ')]);
  });

  it('teaches, and the student is evaluated and inspected', async () => {
    writeFileSync(
      path.join(folder, 'foreign.yaml'),
      [
        'extends: ./limbeck.config.yaml',
        'teacher: { onnx: taught/student.onnx, acceptChance: true }',
        'distiller: { use: kd, weight: 0.5 }',
      ].join('\n'),
    );
    const { stdout, stderr } = await limbeck(['train', 'foreign.yaml', '--out', 'foreign'], folder);
    expect(stderr).toBe('');
    expect(stdout).toContain('under teacher student.onnx');
    expect(stdout).toMatch(/teacher alone: top1 \S+ % on 20 test images/);
    expect((await limbeck(['eval', 'foreign'], folder)).code).toBe(0);
    const step = parsed(await limbeck(['inspect', 'foreign.yaml', '--json'], folder));
    expect(step.features).toEqual([{ teacher: 'teacher', tap: 'logits', shape: expect.any(Array) }]);
    expect(step.teachers).toMatchObject([{ name: 'teacher', id: 'student.onnx' }]);
  });
});

describe('weights of a model with options of its own', () => {
  const student = 'student={"use":"vit","width":8,"depth":1,"heads":2,"patch":4}';
  const evaluated = async (file: string) => parsed(await limbeck(['eval', file, '--json'], folder)).metrics;
  let last: unknown;

  /** Its weights lie apart from the run, beside a configuration of another model. */
  beforeAll(async () => {
    await limbeck(['train', '--out', 'patches', '--set', student], folder);
    last = JSON.parse(readFileSync(path.join(folder, 'patches', 'result.json'), 'utf8')).last;
    const weights = readFileSync(path.join(folder, 'patches', 'student.safetensors'));
    writeFileSync(path.join(folder, 'vit.safetensors'), weights);
  });

  it.each(['pth', 'npz'])('say which, also as %s, to eval and to export', async (format) => {
    expect((await limbeck(['convert', 'vit.safetensors', `vit.${format}`], folder)).code).toBe(0);
    expect(await evaluated(`vit.${format}`)).toEqual(last);
    const onnx = `${format}.onnx`;
    const exported = await limbeck(['export', `vit.${format}`, '--format', 'onnx', '--out', onnx], folder);
    expect(exported.stderr).toBe('');
    const ofTheRun = readFileSync(path.join(folder, 'patches', 'student.onnx'));
    expect(readFileSync(path.join(folder, onnx)).equals(ofTheRun)).toBe(true);
  });

  it('are refused where what they say is no option of the model', async () => {
    const { tensors, metadata } = readSafetensors(readFileSync(path.join(folder, 'vit.safetensors')));
    for (const [options, message] of [
      [
        '{"width":8,"depth":1,"heads":3}',
        /bad.safetensors: limbeck.options: options of backbone 'vit' .*heads: /,
      ],
      ['[1]', /bad.safetensors: its entry 'limbeck.options': /],
    ] as const) {
      const content = writeSafetensors(tensors, { ...metadata, 'limbeck.options': options });
      writeFileSync(path.join(folder, 'bad.safetensors'), content);
      const { code, stderr } = await limbeck(['export', 'bad.safetensors', '--format', 'onnx'], folder);
      expect(stderr).toMatch(message);
      expect(code).not.toBe(0);
    }
  });
});
