import { defineDistiller, labelsOf, type Preparation } from '@limbeck/core';
import { matmul, mean, oneHot, square, sub } from '@limbeck/graph';

/** Mean embedding of each class, kept as sums in double precision. */
export function classMeans(classes: number, width: number): Preparation<'embedding', 'means'> {
  return {
    name: 'class-means',
    features: { embedding: { path: 'embedding' } },
    tensors: { means: [classes, width] },
    create() {
      const sums = new Float64Array(classes * width);
      const counts = new Float64Array(classes);
      return {
        add({ features, targets, count }) {
          const labels = labelsOf(targets);
          for (let i = 0; i < count; i++) {
            counts[labels[i]!]!++;
            for (let j = 0; j < width; j++)
              sums[labels[i]! * width + j]! += features.embedding[i * width + j]!;
          }
        },
        finish: () => ({
          means: Float32Array.from(sums, (sum, i) => sum / counts[Math.floor(i / width)]!),
        }),
      };
    },
  };
}

/** Draws the student's embedding, made wider, to the mean of the teacher's for its class. */
export const preparingDistiller = defineDistiller<{
  readonly parameters?: NonNullable<Preparation['parameters']>;
  readonly spoil?: (means: Float32Array) => Float32Array;
  readonly initialEpochs?: number;
}>({
  id: 'preparing',
  description: 'means of classes that are known beforehand',
  targets: ['index'],
  build({ student, teacher, labels, classes, options, m, prepare }) {
    const width = teacher.embedding.shape[1]!;
    const { spoil = (means) => means, parameters, initialEpochs } = options;
    const plain = classMeans(classes, width);
    const { means } = prepare({
      ...plain,
      ...(parameters && { parameters }),
      create() {
        const sums = plain.create();
        return {
          add: (batch) => sums.add(batch),
          finish: async (pause) => {
            await pause();
            return { means: spoil((await sums.finish(pause)).means!) };
          },
        };
      },
    });
    const projected = m.linear('projector', student.embedding, { out: width });
    const centre = mean(square(sub(projected, matmul(oneHot(labels, classes), means))));
    const losses = { centre: { weight: 1, value: centre } };
    if (initialEpochs === undefined) return { losses };
    const plainly = mean(square(sub(projected, teacher.embedding)));
    return {
      losses,
      initial: { epochs: initialEpochs, trains: 'all', losses: { plainly: { weight: 1, value: plainly } } },
    };
  },
});
