import { mean, square, sub } from '@limbeck/graph';
import { defineDistiller, definePlugin } from 'limbeck';

/** Embeddings [N, D] -> their squared lengths [N], divided by D. */
const energy = (embedding) => mean(square(embedding), { axis: 1 });

/** The student's embedding is to be as long as the teacher's, whatever the widths. An example, not a published method. */
const sameEnergy = defineDistiller({
  id: 'same-energy',
  description: "the student's embedding is as long as the teacher's",
  build({ student, teacher }) {
    const difference = sub(energy(student.embedding), energy(teacher.embedding));
    return { losses: { energy: { weight: 0.5, value: mean(square(difference)) } } };
  },
});

export default definePlugin({
  name: 'limbeck-plugin-same-energy',
  api: 1,
  setup(host) {
    host.distillers.add(sameEnergy);
  },
});
