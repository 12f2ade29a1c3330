import { LimbeckError, type MeasuredFeature, type MetricFeature } from '@limbeck/core';
import { formatShape, sizeOf } from '@limbeck/graph';
import { z } from 'zod';

/** Which features of student and teacher a metric compares. */
export const featurePair = z.strictObject({
  tap: z
    .string()
    .default('embedding')
    .describe("the feature on both sides; the student's may be what a projector gives it"),
  teacherTap: z.string().optional().describe("the teacher's feature; default as `tap`"),
  pooled: z.boolean().default(true).describe('average maps over positions and tokens over tokens first'),
});

/** What a metric asks for to compare the two. */
export const pairOf = ({ tap, teacherTap = tap, pooled }: z.infer<typeof featurePair>) =>
  ({
    student: { of: 'student', path: tap, pooled },
    teacher: { of: 'teacher', path: teacherTap, pooled },
  }) satisfies Readonly<Record<string, MetricFeature>>;

/** A pair that was found. */
export type MeasuredPair = Readonly<Record<'student' | 'teacher', MeasuredFeature>>;

/** `'embedding' of student 'resnet8' is [64], 'embedding' of teacher 'resnet14' [128]`. */
export const describePair = ({ student, teacher }: MeasuredPair): string =>
  `${student.title} is ${formatShape(student.shape)}, ${teacher.title} ${formatShape(teacher.shape)}`;

/** Values of an image on both sides. */
export const widthsOf = ({ student, teacher }: MeasuredPair): readonly [number, number] => [
  sizeOf(student.shape),
  sizeOf(teacher.shape),
];

/** @throws LimbeckError SHAPE_MISMATCH where a vector of the one cannot be set against one of the other */
export function requireEqualWidth(metric: string, pair: MeasuredPair): number {
  const [ours, theirs] = widthsOf(pair);
  if (ours === theirs) return ours;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `'${metric}' compares vectors of one width: ${describePair(pair)}`,
    {
      hint: "name what a projector makes of the student's feature, such as { tap: 'projector-ensemble.projectors', teacherTap: 'embedding' }, or follow 'linear-cka', which takes any widths",
    },
  );
}
