import { defineDistiller, type InitialPhase } from '@limbeck/core';
import {
  add,
  gather,
  matmul,
  mean,
  mul,
  reshape,
  scatterAdd,
  square,
  stopGradient,
  sub,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { normal } from '@limbeck/nn';

const distance = (a: Tensor, b: Tensor): Tensor => mean(square(sub(a, b)));

/** First learns to make the teacher's embedding narrower, or what to add to the student's; then the student follows. */
export const phasedDistiller = defineDistiller<Pick<InitialPhase, 'epochs' | 'trains' | 'lr'>>({
  id: 'phased',
  description: 'a code of the teacher that is learnt first',
  build({ student, teacher, options: { epochs, trains, lr }, m }) {
    const [ours, theirs] = [student.embedding, teacher.embedding];
    const code = m.linear('encoder', theirs, { out: ours.shape[1]! });
    const decoded = m.linear('decoder', trains === 'extras' ? code : ours, { out: theirs.shape[1]! });
    return {
      losses: { hint: { weight: 0.5, value: distance(ours, stopGradient(code)) } },
      initial: {
        epochs,
        trains,
        losses: { reconstruction: { weight: 2, value: distance(decoded, theirs) } },
        lr,
      },
    };
  },
});

/** Remembers the student's embedding of every sample and keeps it apart from those of drawn others. */
export const rememberingDistiller = defineDistiller<{ count: number; from: 'other-classes' | 'all' }>({
  id: 'remembering',
  description: 'a memory of every sample',
  build({ student: { embedding }, samples, options: { count, from }, m }) {
    const [batch, width] = embedding.shape as [number, number];
    const { total, index } = samples;
    const memory = m.buffer('memory', [total, width], normal(0.5));
    const drawn = samples.negatives(count, { from });
    const all = matmul(embedding, memory, { transposeB: true });
    const rows = Int32Array.from({ length: batch }, (_, row) => row * total);
    const flat = add(drawn, embedding.graph.constant(tensorData('int32', [batch, 1], rows)));
    const similarity = gather(reshape(all, [batch * total]), flat);
    const change = mul(sub(stopGradient(embedding), gather(memory, index)), 0.5);
    m.update(memory, add(memory, scatterAdd(change, index, { axis: 0, size: total })));
    return { losses: { apart: { weight: 0.5, value: mean(square(similarity)) } } };
  },
});

/** Follows the teacher on a mirrored view. */
export const viewingDistiller = defineDistiller<{ p: number }>({
  id: 'viewing',
  description: 'the teacher on another view',
  build({ student, view, options: { p } }) {
    const other = view('mirrored', { augment: [{ use: 'flip', p }] });
    return {
      losses: {
        view: { weight: 1, value: distance(other.student.logits, other.teacher.logits) },
        both: { weight: 0.5, value: distance(other.student.embedding, student.embedding) },
      },
    };
  },
});
