/**
 * What programs that show a run import: the table of its events, as lines of a log and of a terminal. Nothing that computes is
 * loaded through this door, so that a command which trains in another thread starts quickly.
 */
export {
  accuracyLine,
  cacheLine,
  lossLine,
  metricLine,
  metricValue,
  type Shown,
  type Style,
} from './run/event-lines.js';
export { describeEvent, type EventRow, eventTable, terminalLines } from './run/event-table.js';
