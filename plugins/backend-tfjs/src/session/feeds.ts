import { type Feeds, LimbeckError } from '@limbeck/core';
import { formatShape, leafName, type Program, sameShape, sizeOf } from '@limbeck/graph';

/**
 * Refuses inputs that are missing, unexpected, or of another type, shape or length, all of them in one message.
 *
 * @throws LimbeckError SHAPE_MISMATCH
 */
export function checkFeeds({ name, inputs }: Program, feeds: Feeds): void {
  const problems = inputs.flatMap((input) => {
    const key = leafName(input);
    const wanted = `${input.dtype} ${formatShape(input.shape)}`;
    const given = feeds[key];
    if (given === undefined) return [`'${key}', ${wanted}, is missing`];
    const fits = given.dtype === input.dtype && sameShape(given.shape, input.shape);
    const full = given.data.length === sizeOf(given.shape);
    if (fits && full) return [];
    const length = full ? '' : ` holding ${given.data.length} elements`;
    return [`'${key}' is ${given.dtype} ${formatShape(given.shape)}${length} and must be ${wanted}`];
  });
  const expected = new Set(inputs.map(leafName));
  problems.push(
    ...Object.keys(feeds).flatMap((key) => (expected.has(key) ? [] : [`'${key}' is unexpected`])),
  );
  if (problems.length === 0) return;
  throw new LimbeckError('SHAPE_MISMATCH', `inputs do not fit '${name}': ${problems.join('; ')}`, {
    hint: 'a program is compiled for one batch size: compile it again for another',
    details: { program: name, problems },
  });
}
