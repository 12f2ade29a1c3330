import { metricLine } from '@limbeck/trainer/events';
import type { ConfigChoice } from '../config/open-config.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, duration } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { chosenEpoch } from '../worker/chosen-epoch.js';
import { surroundings, work } from '../worker/work.js';

export interface EvaluateOptions extends ConfigChoice {
  readonly target: string;
  readonly weights?: string;
  readonly best?: boolean;
  readonly epoch?: number;
  readonly json?: boolean;
}

/** `limbeck eval TARGET`: metrics of a trained model on the test images. */
export async function evaluate(io: Io, { json, ...choice }: EvaluateOptions): Promise<void> {
  const { target, weights, config, set } = choice;
  const epoch = chosenEpoch(choice);
  const request = { ...surroundings(io), target, weights, config, set, epoch };
  const result = await work(io, 'evaluate', request, (message) => {
    if (message.type === 'note' && !json) io.stderr.write(`${message.text}\n`);
  });
  if (json) {
    printJson(io, result);
    return;
  }
  const { bold, dim } = colorsFor(io.env, io.stdout);
  print(
    io,
    `${result.model}`,
    `${bold(metricLine(result.metrics, result.formats))} ${dim(`on ${count(result.samples)} test images of ${result.data}, ${duration(result.seconds)}`)}`,
  );
}
