import type { StudentPlan } from './student.js';
import { type ViewPlan, viewInput } from './views.js';

/** How images of the training split are drawn for one input of the student's program. */
export interface ImageInput {
  /** All changes, in order. */
  readonly augment: ViewPlan['augment'];
  /** Inputs with other numbers have draws of their own for the same sample; the batch itself is number 0. */
  readonly number: number;
}

/** Every input of images that some step of a run has, by name: `image`, `view.strong.image`. */
export function imageInputsOf(
  augment: ViewPlan['augment'],
  { views, initial }: Pick<StudentPlan, 'views' | 'initial'>,
): ReadonlyMap<string, ImageInput> {
  const asked = new Map([...views, ...initial.flatMap((phase) => [...phase.views])]);
  const viewed = [...asked].map(([name, view], i): [string, ImageInput] => [
    viewInput(name, 'image'),
    { augment: [...augment, ...view.augment], number: i + 1 },
  ]);
  return new Map<string, ImageInput>([['image', { augment, number: 0 }], ...viewed]);
}
