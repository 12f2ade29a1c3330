import type { StudentPlan } from './student.js';
import { type ViewPlan, viewInput } from './views.js';

/** How images of the training split are drawn for one input of the student's program. */
export interface Picture {
  /** All changes, in order. */
  readonly augment: ViewPlan['augment'];
  /** Pictures of the same sample with other numbers have draws of their own; the batch itself is number 0. */
  readonly number: number;
}

/** Every picture of a sample that some step of a run looks at, by input: `image`, `view.strong.image`. */
export function picturesOf(
  augment: ViewPlan['augment'],
  { views, initial }: Pick<StudentPlan, 'views' | 'initial'>,
): ReadonlyMap<string, Picture> {
  const asked = new Map([...views, ...initial.flatMap((phase) => [...phase.views])]);
  const viewed = [...asked].map(([name, view], i): [string, Picture] => [
    viewInput(name, 'image'),
    { augment: [...augment, ...view.augment], number: i + 1 },
  ]);
  return new Map<string, Picture>([['image', { augment, number: 0 }], ...viewed]);
}
