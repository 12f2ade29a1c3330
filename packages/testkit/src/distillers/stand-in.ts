import { LimbeckError, type ModelView } from '@limbeck/core';
import { add, type Graph, matmul, type Shape, type Tensor } from '@limbeck/graph';

/**
 * Takes the place of a model where a test gives features: every tap is an input of the graph, called `student.stage1`,
 * and the classifier a linear layer with states `student.classifier.weight` and `student.classifier.bias`.
 *
 * @example
 * const student = new StandIn(graph, 'student', { stage1: [8, 4, 16, 16], embedding: [8, 64], logits: [8, 10] });
 */
export class StandIn implements ModelView {
  readonly id: string;
  readonly role: 'student' | 'teacher';
  readonly taps: readonly string[];
  /** Every feature asked for so far, by the name of its input. */
  readonly inputs = new Map<string, Tensor>();
  /** What the classifier was last asked about. */
  classified: Tensor | undefined;
  readonly #graph: Graph;
  readonly #prefix: string;
  readonly #shapes: Readonly<Record<string, Shape>>;

  /**
   * @param shapes of the taps, batch included
   * @param options `view`: whose features these are, other than the batch's own; inputs are called `view.strong.student.stage1` then.
   *   `id` of the backbone: default the role
   */
  constructor(
    graph: Graph,
    role: 'student' | 'teacher',
    shapes: Readonly<Record<string, Shape>>,
    options: { readonly view?: string; readonly id?: string | undefined } = {},
  ) {
    const { view, id = role } = options;
    this.id = id;
    this.role = role;
    this.taps = Object.keys(shapes);
    this.#graph = graph;
    this.#shapes = shapes;
    this.#prefix = view === undefined ? role : `view.${view}.${role}`;
  }

  get logits(): Tensor {
    return this.tap('logits');
  }

  get embedding(): Tensor {
    return this.tap('embedding');
  }

  tap(path: string): Tensor {
    const shape = this.#shapes[path];
    if (shape === undefined) {
      throw new LimbeckError('UNKNOWN_TAP', `the ${this.role} has no tap '${path}'`, {
        hint: `there are: ${this.taps.join(', ')}`,
      });
    }
    const name = `${this.#prefix}.${path}`;
    const tensor = this.#graph.input(name, shape);
    this.inputs.set(name, tensor);
    return tensor;
  }

  classify(embedding: Tensor): Tensor {
    this.classified = embedding;
    const classes = this.#shapes.logits![1]!;
    const parameter = (name: string, shape: Shape) =>
      this.#graph.state(`${this.role}.classifier.${name}`, shape);
    const weight = parameter('weight', [classes, embedding.shape[1]!]);
    return add(matmul(embedding, weight, { transposeB: true }), parameter('bias', [classes]));
  }
}
