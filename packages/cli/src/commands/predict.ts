import path from 'node:path';
import type { ConfigChoice } from '../config/open-config.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, duration, plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { rowFormat } from '../predict/rows.js';
import { refuseExisting } from '../refuse-existing.js';
import type { PredictRequest } from '../worker/predict-task.js';
import { surroundings, work } from '../worker/work.js';

type Given = Pick<
  PredictRequest,
  | 'model'
  | 'folder'
  | 'top'
  | 'batchSize'
  | 'workers'
  | 'onError'
  | 'imageSize'
  | 'normalization'
  | 'classNames'
>;

export interface PredictOptions extends ConfigChoice, Given {
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `limbeck predict MODEL FOLDER`: the most probable classes of every picture. */
export async function predict(io: Io, { json, force, out: file, ...options }: PredictOptions): Promise<void> {
  const out = file === undefined ? undefined : path.resolve(io.cwd, file);
  // an ending that names no format is refused before anything is loaded
  rowFormat(out, options.top);
  if (out !== undefined && force !== true) {
    refuseExisting(out, 'choose another file with -o, or overwrite it with --force');
  }
  const request = { ...surroundings(io), ...options, out };
  const result = await work(io, 'predict', request, (message) => {
    if (message.type === 'note' && !json) io.stderr.write(`${message.text}\n`);
  });
  if (json) {
    printJson(io, result);
    return;
  }
  for (const { path: picture, reason } of result.skipped) {
    io.stderr.write(`left out: ${picture}: ${reason}\n`);
  }
  if (result.predictions !== undefined) {
    const format = rowFormat(undefined, result.predictions[0]?.top.length ?? options.top);
    io.stdout.write(`${format.header}${result.predictions.map((one) => format.line(one)).join('')}`);
    return;
  }
  const { dim } = colorsFor(io.env, io.stdout);
  const left = result.skipped.length === 0 ? '' : `, ${count(result.skipped.length)} left out`;
  print(io, `${file} ${dim(`(${plural(result.pictures, 'picture')}${left}, ${duration(result.seconds)})`)}`);
}
