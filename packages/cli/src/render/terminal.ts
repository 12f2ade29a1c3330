import { teacherTitle } from '@limbeck/core/host';
import type { EventOf } from '@limbeck/trainer';
import { accuracyLine, lossLine, terminalLines } from '@limbeck/trainer/events';
import { createLogUpdate } from 'log-update';
import type { Io } from '../io.js';
import { type Colors, colorsFor } from '../output/color.js';
import { clock, count } from '../output/numbers.js';
import type { Renderer } from './renderer.js';

/** Below this many columns a bar tells nothing. */
const shortestBar = 6;
const longestBar = 24;

/** Milliseconds between two drawings of the live line. */
const interval = 80;

type StepEvent = EventOf<'step'>;
/** Work before training that goes on image by image. */
type FillEvent = EventOf<'cache-fill'> | EventOf<'prepare'>;

/** One live line below those that stay. */
export function terminalRenderer({ stdout, env }: Io): Renderer {
  const colors = colorsFor(env, stdout);
  const draw = createLogUpdate(stdout as NodeJS.WriteStream);
  const show = terminalLines(colors);
  const run = { epochs: 0, stepsPerEpoch: 0, drawn: 0 };
  /** Lines that stay: written over the live one, which the next step draws again. */
  const keep = (lines: readonly string[]) => {
    if (lines.length === 0) return;
    draw.clear();
    for (const line of lines) stdout.write(`${line}\n`);
    run.drawn = 0;
  };
  const drawLine = (text: string) => draw(colors.dim(text.slice(0, (stdout.columns || 80) - 1)));
  return {
    event(event) {
      if (event.type === 'start') {
        run.epochs = event.epochs;
        run.stepsPerEpoch = event.stepsPerEpoch;
      }
      if (event.type === 'phase') run.epochs = event.epochs;
      if (event.type === 'step' || event.type === 'cache-fill' || event.type === 'prepare') {
        const now = performance.now();
        if (now - run.drawn < interval) return;
        run.drawn = now;
        const columns = stdout.columns || 80;
        draw(
          event.type === 'step' ? liveLine(event, run, columns, colors) : fillLine(event, columns, colors),
        );
        return;
      }
      keep(show(event));
      if (event.type === 'compiled') drawLine(`compiled ${event.program}`);
    },
    note: (text) => keep([colors.dim(text)]),
    close() {
      draw.clear();
      draw.done(); // shows the cursor again
    },
  };
}

/** `epoch 3/6 ━━━━━─── 120/187  loss 1.234 (ce 0.512, feature 0.0289)  train 81.2 %  812 images/s  0:34 left`. */
export function liveLine(
  event: StepEvent,
  { epochs, stepsPerEpoch }: { readonly epochs: number; readonly stepsPerEpoch: number },
  columns: number,
  colors: Colors,
): string {
  const share = stepsPerEpoch === 0 ? 0 : event.stepInEpoch / stepsPerEpoch;
  const place = `${event.phase === undefined ? '' : `${event.phase} `}epoch ${event.epoch}/${epochs}`;
  const facts = [
    `${String(event.stepInEpoch).padStart(String(stepsPerEpoch).length)}/${stepsPerEpoch}`,
    `${lossLine(event.losses)}${accuracyLine(event)}`,
    `${count(event.imagesPerSecond)} images/s`,
    `${clock(event.secondsLeft)} left`,
  ];
  return withBar({ place, share, facts }, columns, colors);
}

/** `cache of teacher ━━━━━─── 12,800/50,000  812 images/s  0:34 left`. */
export function fillLine(event: FillEvent, columns: number, colors: Colors): string {
  const { teacher, done, total, imagesPerSecond, secondsLeft } = event;
  const facts = [
    `${count(done)}/${count(total)}`,
    `${count(imagesPerSecond)} images/s`,
    `${clock(secondsLeft)} left`,
  ];
  const place =
    event.type === 'prepare'
      ? `preparing ${event.preparations.join(', ')}`
      : `cache of ${teacherTitle(teacher)}`;
  return withBar({ place, share: done / total, facts }, columns, colors);
}

/** A bar between what goes on and its figures, where there is room for one. */
function withBar(
  line: { readonly place: string; readonly share: number; readonly facts: readonly string[] },
  columns: number,
  colors: Colors,
): string {
  const { place, share } = line;
  const facts = line.facts.join('  ');
  const space = columns - 1 - place.length - facts.length - 3;
  if (space < shortestBar) return `${place}  ${facts}`.slice(0, columns - 1);
  return `${place} ${bar(share, Math.min(space, longestBar), colors)}  ${facts}`;
}

function bar(share: number, width: number, { green, dim }: Colors): string {
  const done = Math.min(width, Math.round(share * width));
  return `${green('━'.repeat(done))}${dim('─'.repeat(width - done))}`;
}
