import { describe, expect, it } from 'vitest';
import {
  add,
  Graph,
  gradients,
  matmul,
  mean,
  mul,
  print,
  program,
  relu,
  softmax,
  square,
  sub,
  sum,
  tensorData,
} from './index.js';

describe('print', () => {
  it('shows inputs, state, constants, attributes, scopes, updates and outputs', () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3]);
    const weight = graph.state('fc.weight', [3, 4]);
    const bias = graph.constant(tensorData('float32', [4]));
    const logits = graph.scoped('student.fc', () => add(matmul(x, weight), bias));
    const loss = mean(square(sub(softmax(logits), 0.25)));
    const [dw] = gradients(sum(relu(logits)), [weight]);
    const updates = new Map([['fc.weight', sub(weight, mul(dw!, 0.1))]]);
    expect(print(program({ name: 'student', outputs: { loss, logits }, updates }))).toMatchInlineSnapshot(`
      "program student
        %0 = input 'x' : float32[2, 3]
        %1 = state 'fc.weight' : float32[3, 4]
        %2 = constant(data=float32[4]) : float32[4]
        %3 = matmul(%0, %1, transposeA=false, transposeB=false) : float32[2, 4] @ student.fc
        %4 = add(%3, %2) : float32[2, 4] @ student.fc
        %5 = softmax(%4) : float32[2, 4]
        %6 = constant(value=0.25) : float32[]
        %7 = sub(%5, %6) : float32[2, 4]
        %8 = mul(%7, %7) : float32[2, 4]
        %9 = sum(%8, axes=[0, 1], keepDims=false) : float32[]
        %10 = constant(value=0.125) : float32[]
        %11 = mul(%9, %10) : float32[]
        %12 = relu(%4) : float32[2, 4]
        %13 = constant(value=1) : float32[]
        %14 = reshape(%13, shape=[1, 1]) : float32[1, 1] @ gradient
        %15 = broadcastTo(%14, shape=[2, 4]) : float32[2, 4] @ gradient
        %16 = reluGradient(%15, %12) : float32[2, 4] @ gradient
        %17 = matmul(%0, %16, transposeA=true, transposeB=false) : float32[3, 4] @ student.fc/gradient
        %18 = constant(value=0.1) : float32[]
        %19 = mul(%17, %18) : float32[3, 4]
        %20 = sub(%1, %19) : float32[3, 4]
        state 'fc.weight' <- %20
        output loss = %11
        output logits = %4
      "
    `);
  });
});
