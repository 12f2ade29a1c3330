import { rowOf } from '../run/event-table.js';
import type { RunListener } from '../run/events.js';
import type { RunFolder } from './run-folder.js';

/** Writes events into a run's folder, then hands them on. */
export function recorder(folder: RunFolder, listener: RunListener): RunListener {
  return (event) => {
    const row = rowOf(event);
    if (row.isLogged?.(event) ?? true) {
      if (row.isResult) folder.metrics.append(JSON.stringify(event));
      folder.log.append(`${new Date().toISOString()} ${row.log(event)}`);
    }
    listener(event);
  };
}
