import { averagedName } from '@limbeck/nn';

const student = 'student.';
const optimizer = 'optimizer.';

/** By name; what stands behind one does not matter here. */
type Named<T> = ReadonlyMap<string, T>;

/** A training state with averages in place of what they follow. */
export function withAverages<T>(state: Named<T>): Map<string, T> {
  const averages = [...state].flatMap(([name, value]) => {
    const followed = averagedName(name);
    return followed === undefined ? [] : [[followed, value] as const];
  });
  return new Map([...state, ...averages]);
}

/** A training state without what the optimiser and averages keep. */
export const weightsAlone = <T>(state: Named<T>): Map<string, T> =>
  new Map([...state].filter(([name]) => !name.startsWith(optimizer) && averagedName(name) === undefined));

/** True where names have the places of a run in front, as those of a student that is deployed with more than itself. */
export const isPlaced = (tensors: Named<unknown>): boolean =>
  [...tensors.keys()].some((name) => name.startsWith(student));

/** True for the state of a run in training, as its checkpoints hold it. */
export const isTrainingState = (tensors: Named<unknown>): boolean =>
  isPlaced(tensors) && [...tensors.keys()].some((name) => name.startsWith(optimizer));

/** The student's part, under the names its weights are published by. */
export const studentPart = <T>(state: Named<T>): Map<string, T> =>
  new Map(
    [...state].flatMap(([name, value]) =>
      name.startsWith(student) ? [[name.slice(student.length), value] as const] : [],
    ),
  );

/** Weights of a student under the names of a run's state. */
export const placed = <T>(tensors: Named<T>): Named<T> =>
  isPlaced(tensors) ? tensors : new Map([...tensors].map(([name, value]) => [`${student}${name}`, value]));

/** Entry of a checkpoint's metadata: that the averages are what is deployed of it. */
export const averagesDeployed = 'limbeck.averagesDeployed';
