import { mean, square, sub, type Tensor } from '@limbeck/graph';
import { defineConfig, defineDistiller, definePlugin } from 'limbeck';

/** Embeddings [N, D] -> their squared lengths [N], divided by D. */
const energy = (embedding: Tensor): Tensor => mean(square(embedding), { axis: 1 });

/** The student's embedding is to be as long as the teacher's, whatever the widths. An example, not a published method. */
const sameEnergy = defineDistiller({
  id: 'same-energy',
  description: "the student's embedding is as long as the teacher's",
  build({ student, teacher }) {
    const difference = sub(energy(student.embedding), energy(teacher.embedding));
    return { losses: { energy: { weight: 0.5, value: mean(square(difference)) } } };
  },
});

/** A package would export this; here it is written into the configuration. */
const plugin = definePlugin({
  name: 'limbeck-plugin-same-energy',
  api: 1,
  setup(host) {
    host.distillers.add(sameEnergy);
  },
});

export default defineConfig({
  extends: './projector-ensemble/limbeck.config.ts',
  plugins: [plugin],
  // distillers add up: two terms beside the cross-entropy
  distiller: ['projector-ensemble', 'same-energy'],
});
