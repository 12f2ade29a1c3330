import { EventEmitter } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { dotsConfig, dotsFolder, dotsPlugin, folderWith, limbeck } from '../testing/command-line.js';

const json = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8'));

describe('limbeck train', () => {
  it('trains the configuration it finds and says what came of it', async () => {
    const folder = dotsFolder();
    const { code, stdout, stderr } = await limbeck(['train'], folder);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`configuration ${path.join(folder, 'limbeck.config.yaml')}`);
    expect(stdout).toMatch(/epoch 2\/2 {2}loss \S+ \(ce \S+\) {2}train \S+ % {2}test top1 \S+ %/);
    const run = path.join(folder, 'runs', 'speck-1');
    expect(readdirSync(run).sort()).toEqual([
      'checkpoints',
      'config.json',
      'environment.json',
      'metrics.jsonl',
      'result.json',
      'run.log',
      'student-best.safetensors',
      'student.onnx',
      'student.safetensors',
    ]);
    expect(json(path.join(run, 'config.json'))).toMatchObject({
      data: { use: 'dots', batchSize: 16 },
      train: { epochs: 2 },
    });
    expect(json(path.join(run, 'environment.json'))).toMatchObject({
      node: process.versions.node,
      backends: { onnx: expect.stringMatching(/^onnxruntime-node \d/) },
      plugins: { 'dots-plugin': path.join(folder, 'dots.mjs') },
      config: { file: path.join(folder, 'limbeck.config.yaml'), set: [], inlinePlugins: [] },
    });
    await limbeck(['train', '--set', 'train.epochs=1'], folder);
    expect(readdirSync(path.join(folder, 'runs'))).toEqual(['speck-1', 'speck-2']);
  });

  it('takes changes from the command line and prints events as JSON', async () => {
    const folder = dotsFolder();
    const { code, events } = await limbeck(
      ['train', '--json', '--set', 'train.epochs=1', '--set', 'name=quick', '--out', 'here/it/is'],
      folder,
    );
    expect(code).toBe(0);
    const types = events().map(({ type }) => type);
    expect(types[0]).toBe('note');
    expect(types).toEqual(
      expect.arrayContaining(['start', 'compiled', 'step', 'epoch', 'checkpoint', 'finish']),
    );
    expect(types.at(-1)).toBe('finish');
    expect(types.filter((type) => type === 'epoch')).toHaveLength(1);
    expect(existsSync(path.join(folder, 'here', 'it', 'is', 'result.json'))).toBe(true);
  });

  it('records what auto chose, and goes on there', async () => {
    const folder = dotsFolder();
    const { code, stdout, stderr } = await limbeck(
      ['train', '--set', 'backend=auto', '--out', 'run'],
      folder,
    );
    expect(code, stderr).toBe(0);
    const chosen = /^backend auto: student on (\w+) \((?:cpu|cuda)\)$/m.exec(stdout)?.[1];
    expect(json(path.join(folder, 'run', 'config.json')).backend).toMatchObject({ use: chosen });
    expect(Object.keys(json(path.join(folder, 'run', 'environment.json')).backends as object)).toEqual([
      chosen,
    ]);
    expect(await limbeck(['eval', 'run'], folder)).toMatchObject({ code: 0 });
    expect(await limbeck(['eval', 'run/student.onnx'], folder)).toMatchObject({ code: 0 });
  });

  it('can be done again from the configuration of its own run folder', async () => {
    const folder = dotsFolder();
    await limbeck(['train', '--out', 'a'], folder);
    expect(await limbeck(['train', 'a/config.json', '--out', 'b'], folder)).toMatchObject({ code: 0 });
    const student = (run: string) => readFileSync(path.join(folder, run, 'student.safetensors'));
    expect(student('b').equals(student('a'))).toBe(true);
  });
});

/** Presses Ctrl-C once training is under way. */
function pressing(signals: EventEmitter): { write(text: string): void } {
  const pressed = { yet: false };
  return {
    write(text) {
      if (pressed.yet || !text.includes('"type":"step"')) return;
      pressed.yet = true;
      signals.emit('SIGINT');
    },
  };
}

describe('an interrupted run', () => {
  const interrupt = async (folder: string, config: readonly string[] = []) => {
    const signals = new EventEmitter();
    return limbeck(['train', ...config, '--json', '--out', 'run'], folder, {
      signals,
      stdout: pressing(signals),
    });
  };

  it('is saved, exits with 130, and goes on where it stopped', async () => {
    const folder = dotsFolder();
    expect(await interrupt(folder)).toMatchObject({ code: 130 });
    expect(existsSync(path.join(folder, 'run', 'result.json'))).toBe(false);
    const resumed = await limbeck(['train', '--resume', 'run'], folder);
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(resumed.stdout).toContain('resumed after step 1 from');
    await limbeck(['train', '--out', 'straight'], folder);
    const student = (run: string) => readFileSync(path.join(folder, run, 'student.safetensors'));
    expect(student('run').equals(student('straight'))).toBe(true);
  });

  it('ends at once at the second Ctrl-C, unless that is the first one delivered twice', async () => {
    const folder = dotsFolder();
    const signals = new EventEmitter();
    const exits: string[] = [];
    const pressed = { times: 0, at: 0 };
    const stdout = {
      write(text: string) {
        if (!text.includes('"type":"step"') || pressed.times > 0) return;
        pressed.times = 1;
        signals.emit('SIGINT');
        signals.emit('SIGINT');
        expect(exits).toEqual([]);
        const until = performance.now() + 260;
        while (performance.now() < until);
        signals.emit('SIGINT');
      },
    };
    await limbeck(['train', '--json'], folder, { signals, stdout, end: (signal) => exits.push(signal) });
    expect(exits).toEqual(['SIGINT']);
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });

  const inline = `import dots from './dots.mjs';\nimport { definePlugin } from 'limbeck';
const renamed = definePlugin({ ...dots, name: 'inline-dots' });
export default { plugins: [renamed], data: { use: 'dots', batchSize: 16 }, student: 'speck', train: { epochs: 2 } };`;

  it('with plugins written in the configuration reads that again', async () => {
    const folder = folderWith({ 'dots.mjs': dotsPlugin, 'limbeck.config.mjs': inline });
    expect(await interrupt(folder)).toMatchObject({ code: 130 });
    expect(await limbeck(['train', '--resume', 'run'], folder)).toMatchObject({ code: 0, stderr: '' });
  });

  it('is evaluated and exported as it was trained, with those plugins', async () => {
    const folder = folderWith({ 'dots.mjs': dotsPlugin, 'limbeck.config.mjs': inline });
    expect(await limbeck(['train', '--out', 'run'], folder)).toMatchObject({ code: 0 });
    for (const args of [
      ['eval', 'run'],
      ['eval', 'run', '--set', 'data.evalBatchSize=4'],
      ['export', 'run', '--format', 'onnx', '--out', 'again.onnx'],
    ]) {
      const { code, stderr } = await limbeck(args, folder);
      expect(code, stderr).toBe(0);
    }
  });

  it('is not resumed when that configuration has changed', async () => {
    const folder = folderWith({ 'dots.mjs': dotsPlugin, 'limbeck.config.mjs': inline });
    await interrupt(folder);
    writeFileSync(path.join(folder, 'limbeck.config.mjs'), inline.replace('epochs: 2', 'epochs: 3'));
    const { code, stderr } = await limbeck(['train', '--resume', 'run'], folder);
    expect(code).toBe(2);
    expect(stderr).toContain('error[PRECONDITION]: ');
    expect(stderr).toContain('has changed since');
  });

  it.each([
    ['--set', 'train.seed=9'],
    ['--set', 'train.epochs=3', '--set', 'data.batchSize=8'],
    ['--from', 'other'],
    ['--out', 'elsewhere'],
  ])('takes nothing else besides --resume: %s %s', async (...args) => {
    const { code, stderr } = await limbeck(['train', '--resume', 'run', ...args], dotsFolder());
    expect(code).toBe(2);
    expect(stderr).toContain('error[USAGE]: --resume goes on with the run as it was started');
    expect(stderr).toContain('limbeck train --from run');
  });

  it('is not there', async () => {
    const { code, stderr } = await limbeck(['train', '--resume', 'nothing'], dotsFolder());
    expect(code).toBe(1);
    expect(stderr).toContain('error[NOT_FOUND]: there is no run to resume');
  });
});

describe('a finished run', () => {
  const student = (folder: string, run: string) =>
    readFileSync(path.join(folder, run, 'student.safetensors'));
  const extend = ['train', '--resume', 'run', '--set', 'train.epochs=4'];

  it('is extended where its rate does not depend on its length, and resumed as such', async () => {
    const folder = dotsFolder();
    await limbeck(['train', '--out', 'run'], folder);
    const signals = new EventEmitter();
    const stopped = await limbeck([...extend, '--json'], folder, { signals, stdout: pressing(signals) });
    expect(stopped).toMatchObject({ code: 130 });
    expect(existsSync(path.join(folder, 'run', 'result.json'))).toBe(false);
    expect(await limbeck(['train', '--resume', 'run'], folder)).toMatchObject({ code: 0, stderr: '' });
    await limbeck(['train', '--out', 'straight', '--set', 'train.epochs=4'], folder);
    expect(student(folder, 'run').equals(student(folder, 'straight'))).toBe(true);
  });

  it('says that it is extended', async () => {
    const folder = dotsFolder();
    await limbeck(['train', '--out', 'run'], folder);
    const { stdout } = await limbeck(extend, folder);
    expect(stdout).toContain('extended from 2 to 4 epochs: rates and weights so far are those of a run');
    const config = JSON.parse(readFileSync(path.join(folder, 'run', 'config.json'), 'utf8'));
    expect(config.train.epochs).toBe(4);
  });

  it('is not where its rate does', async () => {
    const folder = dotsFolder();
    await limbeck(['train', '--out', 'run', '--set', 'train.schedule=cosine'], folder);
    const { code, stderr } = await limbeck(extend, folder);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be extended: the learning rate depends on the length of the run');
    expect(stderr).toMatch(/limbeck train --from \S*run /);
  });

  it('gives its weights to a new one, with its configuration or another', async () => {
    const folder = dotsFolder({
      'other.yaml': 'extends: ./limbeck.config.yaml\nstudent: { use: speck, weights: gone.pth }',
    });
    await limbeck(['train', '--out', 'run'], folder);
    const still = ['--set', 'train.optimizer.lr=1e-30', '--set', 'train.epochs=1'];
    for (const [i, config] of [[], ['other.yaml']].entries()) {
      const begun = await limbeck(
        ['train', ...config, '--from', 'run', '--out', `new-${i}`, ...still],
        folder,
      );
      expect(begun).toMatchObject({ code: 0, stderr: '' });
      const { best } = JSON.parse(readFileSync(path.join(folder, `new-${i}`, 'result.json'), 'utf8'));
      const { last } = JSON.parse(readFileSync(path.join(folder, 'run', 'result.json'), 'utf8'));
      expect(best.top1).toBe(last.top1);
    }
    const epoch = await limbeck(
      ['train', '--from', 'run', '--epoch', '1', '--out', 'early', ...still],
      folder,
    );
    expect(epoch).toMatchObject({ code: 0 });
    const alone = await limbeck(['train', '--best'], folder);
    expect(alone.stderr).toContain(
      'error[USAGE]: --best and --epoch choose among the epochs of a run to start from',
    );
    const gone = await limbeck(['train', '--from', 'nowhere'], folder);
    expect(gone.stderr).toContain('error[NOT_FOUND]');
  });
});

describe('bad input', () => {
  /** One clear message with a code, no stack, and nothing left behind. */
  async function refusal(args: readonly string[], folder = dotsFolder()) {
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await limbeck(['train', ...args], folder);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr.match(/error\[/g)).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(before);
    return { code, stdout, stderr };
  }
  const set = (...values: string[]) => values.flatMap((value) => ['--set', value]);

  it.each([
    ['an unknown option of the configuration', ['train.epoch=3'], 'CONFIG_INVALID', "did you mean 'epochs'"],
    [
      'an unknown option of a part',
      ['student={"use":"speck","dept":3}'],
      'UNKNOWN_OPTION',
      "no option 'dept'",
    ],
    ['an unknown backbone', ['student=spek'], 'UNKNOWN_ID', "did you mean 'speck'"],
    ['an unknown data set', ['data.use=dotz'], 'UNKNOWN_ID', "did you mean 'dots'"],
    ['an unknown schedule', ['train.schedule=cosin'], 'UNKNOWN_ID', "did you mean 'cosine'"],
    ['an unknown backend', ['backend=onyx'], 'UNKNOWN_ID', "did you mean 'onnx'"],
    [
      'an unknown plugin',
      ['plugins=["limbeck-plugin-nowhere"]'],
      'PLUGIN_INVALID',
      'npm install limbeck-plugin-nowhere',
    ],
    ['a plugin listed twice', ['plugins=["./dots.mjs","./dots.mjs"]'], 'PLUGIN_INVALID', 'listed twice'],
    ['a --set that is none', ['train.epochs'], 'USAGE', 'has no `='],
    ['a distiller without a teacher', ['distiller=kd'], 'CONFIG_INVALID', 'needs a teacher'],
  ])('%s', async (_, values, expected, words) => {
    const { code, stderr } = await refusal(set(...values));
    expect(stderr).toContain(`error[${expected}]: `);
    expect(stderr).toContain(words);
    expect(code).toBe(2);
  });

  it('a batch larger than the data set', async () => {
    const { code, stderr } = await refusal(set('data.batchSize=49'));
    expect(stderr).toContain(
      'error[BAD_DATA]: batchSize 49 is larger than the training split, which has 48 samples',
    );
    expect(code).toBe(1);
  });

  it('two plugins claiming one id', async () => {
    const twin = dotsPlugin.replace("'dots-plugin'", "'dots-twin'");
    const folder = dotsFolder({
      'twin.mjs': twin,
      'limbeck.config.yaml': dotsConfig.replace('[./dots.mjs]', '[./dots.mjs, ./twin.mjs]'),
    });
    const { code, stderr } = await refusal([], folder);
    expect(stderr).toContain('error[PLUGIN_CONFLICT]: ');
    expect(stderr).toContain('dots-plugin');
    expect(stderr).toContain('dots-twin');
    expect(code).toBe(2);
  });

  it('labels out of range', async () => {
    const folder = dotsFolder({
      'dots.mjs': dotsPlugin.replace('train: split(48)', 'train: split(48, (i) => (i === 7 ? 2 : 0))'),
    });
    const { code, stderr } = await refusal([], folder);
    expect(stderr).toMatch(/error\[BAD_DATA\]: .*2/);
    expect(code).toBe(1);
  });

  it('a configuration that throws', async () => {
    const folder = folderWith({ 'limbeck.config.ts': "throw new Error('not today');" });
    const { code, stderr } = await refusal([], folder);
    expect(stderr).toContain(
      `error[CONFIG_THREW]: ${path.join(folder, 'limbeck.config.ts')} threw: not today`,
    );
    expect(code).toBe(2);
  });

  it('no configuration', async () => {
    const { code, stderr } = await refusal([], folderWith());
    expect(stderr).toContain('error[CONFIG_NOT_FOUND]: ');
    expect(stderr).toContain("hint: write one with 'limbeck init'");
    expect(code).toBe(2);
  });

  it('a folder that holds something already', async () => {
    const folder = dotsFolder({ 'taken/notes.txt': 'mine' });
    const { code, stderr } = await refusal(['--out', 'taken'], folder);
    expect(stderr).toContain('error[ALREADY_EXISTS]: ');
    expect(readFileSync(path.join(folder, 'taken', 'notes.txt'), 'utf8')).toBe('mine');
    expect(code).toBe(1);
  });

  it('a place that cannot be written to', async () => {
    const folder = dotsFolder({ 'file.txt': '' });
    const { code, stderr } = await refusal(['--out', 'file.txt/run'], folder);
    expect(stderr).toMatch(/error\[(WRITE_FAILED|ALREADY_EXISTS)\]: /);
    expect(code).toBe(1);
    // permissions do not stop the super user
    if (process.getuid?.() === 0) return;
    mkdirSync(path.join(folder, 'locked'));
    chmodSync(path.join(folder, 'locked'), 0o500);
    expect((await refusal(['--out', 'locked/run'], folder)).stderr).toContain('error[WRITE_FAILED]: ');
  });

  it('a loss that stops being finite', async () => {
    const folder = dotsFolder();
    const { code, stderr } = await limbeck(
      ['train', ...set('train.optimizer.lr=1e30', 'train.epochs=20')],
      folder,
    );
    expect(stderr).toMatch(/error\[NON_FINITE\]: .*step/);
    expect(stderr).toContain('ce');
    expect(code).toBe(1);
  });
});

describe('a teacher', () => {
  const distilled = `
extends: ./limbeck.config.yaml
teacher: { use: speck, weights: taught/student.safetensors }
distiller: { use: kd, weight: 1, taskWeight: 1 }
`;
  const taught = async (files: Readonly<Record<string, string>> = {}) => {
    const folder = dotsFolder({ 'distilled.yaml': distilled, ...files });
    expect(await limbeck(['train', '--out', 'taught', '--set', 'train.epochs=6'], folder)).toMatchObject({
      code: 0,
      stderr: '',
    });
    return folder;
  };

  it('is measured first, and its terms are named', async () => {
    const { code, stdout } = await limbeck(['train', 'distilled.yaml'], await taught());
    expect(code).toBe(0);
    expect(stdout).toContain('under teacher speck');
    expect(stdout).toMatch(/teacher alone: top1 \S+ % on 20 test images/);
    expect(stdout).toMatch(/loss \S+ \(ce \S+, kd \S+\)/);
  });

  it('is what the student is compared with all along, in files, lines and JSON; alone, it is not', async () => {
    const followed = [
      ...['--set', 'train.evaluate.metrics=["top1","teacher-cosine",{"use":"linear-cka","tap":"stage1"}]'],
      ...['--set', 'train.evaluate.splits=["test","train"]'],
    ];
    const folder = await taught();
    const { code, stdout } = await limbeck(['train', 'distilled.yaml', '--out', 'run', ...followed], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/embedding, stage1 of teacher for 20 test images: /);
    expect(stdout).toMatch(
      /test top1 \S+ %, teacher-cosine \S+, linear-cka \S+ .*train top1 \S+ %, teacher-cosine/,
    );
    const lines = readFileSync(path.join(folder, 'run', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const last = JSON.parse(lines.at(-1)!);
    for (const values of [last.test, last.train]) {
      expect(Object.keys(values)).toEqual(['top1', 'teacher-cosine', 'linear-cka']);
    }
    const events = (await limbeck(['train', 'distilled.yaml', '--json', ...followed], folder)).events();
    expect(events.findLast(({ type }) => type === 'epoch')).toMatchObject({
      test: last.test,
      train: last.train,
    });
    const inspected = await limbeck(['inspect', 'distilled.yaml', ...followed], folder);
    expect(inspected.stdout).toMatch(/^teacher-cosine +'embedding' of teacher 'speck' +\[64\]$/m);
    const { stdout: alone, stderr } = await limbeck(['eval', 'run', '--json'], folder);
    expect(JSON.parse(alone).metrics).toEqual({ top1: last.test.top1 });
    expect(stderr).toBe('');
    const told = await limbeck(['eval', 'run'], folder);
    expect(told.stderr).toContain(
      'left out, since they are followed while training: teacher-cosine, linear-cka',
    );
  });

  it.each([
    [
      'of another architecture',
      ['teacher.use=resnet8', 'teacher.weights=taught/student.safetensors'],
      1,
      'WEIGHTS_MISMATCH',
      ['missing', 'unexpected', "teacher 'resnet8'"],
    ],
    ['whose weights are missing', ['teacher.weights=gone.safetensors'], 1, 'NOT_FOUND', ['gone.safetensors']],
    [
      'with a tap there is not',
      ['distiller={"use":"projector-ensemble","tap":"stage9"}'],
      2,
      'UNKNOWN_TAP',
      ['stage1'],
    ],
    [
      'that does not fit',
      ['distiller={"use":"projector-ensemble","tap":"stage1"}'],
      2,
      'SHAPE_MISMATCH',
      ['[16, 4, 4, 4]'],
    ],
  ])('%s is refused', async (_, values, status, expected, words) => {
    const folder = await taught();
    const { code, stderr } = await limbeck(
      ['train', 'distilled.yaml', ...values.flatMap((value) => ['--set', value])],
      folder,
    );
    expect(stderr).toContain(`error[${expected}]: `);
    for (const word of words) expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(status);
  });

  it('no better than guessing is refused, unless that is accepted', async () => {
    // it has learnt the halves, and is asked for the other one
    const twisted = dotsPlugin.replace('test: split(20)', 'test: split(20, (i) => 1 - (i % 2))');
    const folder = await taught({ 'twisted.mjs': twisted });
    const args = ['train', 'distilled.yaml', '--set', 'plugins=["./twisted.mjs"]'];
    const refused = await limbeck(args, folder);
    expect(refused.stderr).toContain("error[PRECONDITION]: teacher 'speck'");
    expect(refused.code).toBe(2);
    const accepted = await limbeck([...args, '--set', 'teacher.acceptChance=true'], folder);
    expect(accepted.stdout).toContain("warning: teacher 'speck'");
    expect(accepted.code).toBe(0);
  });

  it('whose file is cut short is refused', async () => {
    const folder = await taught();
    const file = path.join(folder, 'taught', 'student.safetensors');
    writeFileSync(file, readFileSync(file).subarray(0, 300));
    const { code, stderr } = await limbeck(['train', 'distilled.yaml'], folder);
    expect(stderr).toContain('error[BAD_FILE]: ');
    expect(stderr).toContain(file);
    expect(code).toBe(1);
  });
});
