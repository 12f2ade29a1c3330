import { describeEvent } from '../run/describe-event.js';
import type { RunEvent, RunListener } from '../run/events.js';
import type { RunFolder } from './run-folder.js';

/** Steps between two lines of `metrics.jsonl` and `run.log`; epochs are always written. */
const stepsBetweenLines = 50;

/** Events that are results, and therefore the same in a resumed run: each a line of `metrics.jsonl`. */
const isResult = ({ type }: RunEvent): boolean => type === 'fidelity' || type === 'step' || type === 'epoch';

/** A log is read by people, who need not see every step and every batch. */
const isWritten = (event: RunEvent): boolean =>
  event.type === 'step' ? event.step % stepsBetweenLines === 0 : event.type !== 'cache-fill';

/** Writes events into a run's folder, then hands them on. */
export function recorder(folder: RunFolder, listener: RunListener): RunListener {
  return (event) => {
    if (isWritten(event)) {
      if (isResult(event)) folder.metrics.append(JSON.stringify(event));
      folder.log.append(`${new Date().toISOString()} ${describeEvent(event)}`);
    }
    listener(event);
  };
}
