import type { Frame, SampleRandom } from '@limbeck/core';
import { fromPlanes, type Raster, toPlanes, withChannels } from '../decode/raster.js';
import { cut } from '../frames/cut.js';
import { type ChosenChange, fixedShape, type OpenShape, shapeAfter } from './changes.js';

/** A picture on its way: as decoded, or channel-major. */
export type Picture =
  | Raster
  | {
      readonly planes: Uint8Array;
      readonly channels: number;
      readonly height: number;
      readonly width: number;
    };

/** Randomness of the n-th change of a sample. */
export type Streams = (stream: number) => SampleRandom;

/** Brings samples into shape. */
export interface Pipeline {
  /** The changes that a list begins with and that draw nothing: what comes out depends on the picture alone. */
  begin(picture: Picture): Picture;
  /** All others: bytes [C, H, W] into `into`. */
  finish(begun: Picture, streams: Streams, into: Uint8Array): void;
}

type Step =
  | { readonly kind: 'in-place'; readonly change: (image: Uint8Array, random: SampleRandom) => void }
  | {
      readonly kind: 'frame';
      readonly frame: (size: { height: number; width: number }, random: SampleRandom) => Frame;
    }
  | { readonly kind: 'channels'; readonly channels: 1 | 3 };

/** Prepares a list of changes that {@link shapeOfChanges} has passed. Changes draw from the stream of their place. */
export function createPipeline(changes: readonly ChosenChange[], before: OpenShape): Pipeline {
  let shape = before;
  const steps = changes.map((change): Step => {
    const { contribution, options } = change;
    const given = fixedShape(shape);
    shape = shapeAfter(change, shape);
    if (contribution.kind === 'frame') return { kind: 'frame', frame: contribution.create(options) };
    if (contribution.kind === 'channels') return { kind: 'channels', channels: contribution.create(options) };
    return { kind: 'in-place', change: contribution.create(options, given!) };
  });
  const firstChannels = before.channels as 1 | 3;
  const fixed = fixedChanges(changes).length;
  const take = (step: Step, current: Picture, random: () => SampleRandom): Picture => {
    if (step.kind === 'channels') return withChannels(rasterOf(current), step.channels);
    if (step.kind === 'in-place') throw new Error('changes in place have a buffer');
    const raster = rasterOf(current);
    return cut(raster, step.frame(raster, random()));
  };
  return {
    begin: (picture) =>
      steps
        .slice(0, fixed)
        .reduce<Picture>(
          (current, step) => take(step, current, noRandom),
          'planes' in picture ? picture : withChannels(picture, firstChannels),
        ),
    finish(begun, streams, into) {
      let current = begun;
      steps.forEach((step, stream) => {
        if (stream < fixed) return;
        if (step.kind === 'in-place') {
          current = planesOf(current, into);
          step.change(into, streams(stream));
        } else current = take(step, current, () => streams(stream));
      });
      planesOf(current, into);
    },
  };
}

/** Changes that a list begins with and that draw nothing. */
export function fixedChanges(changes: readonly ChosenChange[]): readonly ChosenChange[] {
  const isFixed = ({ contribution }: ChosenChange) =>
    contribution.kind === 'channels' || (contribution.kind === 'frame' && contribution.isFixed === true);
  const first = changes.findIndex((change) => !isFixed(change));
  return first < 0 ? changes : changes.slice(0, first);
}

const noRandom = (): SampleRandom => {
  const refuse = (): never => {
    throw new Error("a frame with 'isFixed' draws random numbers");
  };
  return { int: refuse, uniform: refuse };
};

/** The picture in `into`, where changes in place work. */
function planesOf(picture: Picture, into: Uint8Array): Picture {
  if ('planes' in picture) {
    if (picture.planes !== into) into.set(picture.planes);
    return { ...picture, planes: into };
  }
  toPlanes(picture, into);
  const { channels, height, width } = picture;
  return { planes: into, channels, height, width };
}

const rasterOf = (picture: Picture): Raster =>
  'planes' in picture
    ? fromPlanes(picture.planes, picture.channels as 1 | 3, picture.height, picture.width)
    : picture;
