import { flip } from '../augmentations/flip.js';
import { centerCrop } from '../frames/center-crop.js';
import { randomResizedCrop } from '../frames/random-resized-crop.js';
import { resize } from '../frames/resize.js';
import type { ChosenChange, OpenShape } from '../pipeline/changes.js';

/** Pixels of height and width, or [height, width]. */
export type ImageSize = number | readonly [number, number];

/** Changes to training samples and to those that are evaluated. */
export interface ChangeLists {
  readonly train: readonly ChosenChange[];
  readonly evaluation: readonly ChosenChange[];
}

const frames = ({ contribution }: ChosenChange): boolean => contribution.kind === 'frame';

const filter = 'bilinear';

/**
 * Completes lists that do not bring images to the size a run asks for. Training cuts random windows, and flips where nothing
 * else is said; evaluation scales the shorter side to 8/7 of the size and cuts the middle out, as ImageNet's recipes do (256
 * for 224). Images that have one size already are scaled.
 */
export function completeLists(
  lists: ChangeLists,
  size: ImageSize | undefined,
  before: OpenShape,
): ChangeLists {
  if (size === undefined) return lists;
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  const given = before.size;
  const { train, evaluation } = lists;
  if (given !== undefined) {
    if (given.height === height && given.width === width) return lists;
    const scaled = { contribution: resize, options: { size: [height, width], filter } };
    const first = (list: readonly ChosenChange[]) => (list.some(frames) ? list : [scaled, ...list]);
    return { train: first(train), evaluation: first(evaluation) };
  }
  const crop = {
    contribution: randomResizedCrop,
    options: { size: [height, width], scale: [0.08, 1], ratio: [3 / 4, 4 / 3], filter },
  };
  const standard = train.length === 0 ? [{ contribution: flip, options: { p: 0.5 } }] : train;
  const middle = [
    { contribution: resize, options: { size: Math.round((Math.min(height, width) * 8) / 7), filter } },
    { contribution: centerCrop, options: { size: [height, width] } },
  ];
  return {
    train: train.some(frames) ? train : [crop, ...standard],
    evaluation: evaluation.some(frames) ? evaluation : [...middle, ...evaluation],
  };
}
