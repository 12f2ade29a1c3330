import { sizeOf, type TensorData } from '@limbeck/graph';
import { LimbeckError } from '../errors.js';
import type { Feeds, ModelPort } from './backend.js';

const describe = ({ dtype, shape }: { dtype: string; shape: readonly (number | string)[] }): string =>
  `${dtype} [${shape.join(', ')}]`;

const fits = (given: TensorData, port: ModelPort): boolean =>
  given.dtype === port.dtype &&
  given.shape.length === port.shape.length &&
  port.shape.every((size, axis) => typeof size === 'string' || size === given.shape[axis]) &&
  given.data.length === sizeOf(given.shape);

/**
 * For backends: refuses inputs that are missing, unexpected, or of another type, shape or length, all of them in one message.
 *
 * @throws LimbeckError SHAPE_MISMATCH
 */
export function checkFeeds(name: string, ports: readonly ModelPort[], feeds: Feeds): void {
  const problems = ports.flatMap((port) => {
    const given = feeds[port.name];
    if (given === undefined) return [`'${port.name}', ${describe(port)}, is missing`];
    if (fits(given, port)) return [];
    const length = given.data.length === sizeOf(given.shape) ? '' : ` holding ${given.data.length} elements`;
    return [`'${port.name}' is ${describe(given)}${length} and must be ${describe(port)}`];
  });
  const expected = new Set(ports.map((port) => port.name));
  problems.push(
    ...Object.keys(feeds).flatMap((key) => (expected.has(key) ? [] : [`'${key}' is unexpected`])),
  );
  if (problems.length === 0) return;
  throw new LimbeckError('SHAPE_MISMATCH', `inputs do not fit '${name}': ${problems.join('; ')}`, {
    hint: 'a program is compiled for one batch size: compile it again for another',
    details: { program: name, problems },
  });
}
