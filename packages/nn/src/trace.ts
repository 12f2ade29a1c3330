import {
  formatShape,
  type Graph,
  type Shape,
  type StateDict,
  sameShape,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { NnError } from './errors.js';
import { fnv1a } from './fnv1a.js';
import { type Initializer, randomSource } from './initializers.js';

/** `train`: batch statistics, running averages updated. `eval`: running statistics. */
export type Mode = 'train' | 'eval';

/** A value a model keeps: a parameter that is trained, or a buffer such as a running mean. */
export interface Variable {
  /** State-dict name, as in the published PyTorch code: `layer1.0.conv1.weight`. */
  readonly name: string;
  /** Name of the program's state: the name behind the trace's prefix. */
  readonly stateName: string;
  readonly tensor: Tensor;
  readonly kind: 'parameter' | 'buffer';
  readonly initializer: Initializer;
}

/** How a model is traced: its prefix, its mode and an earlier pass. */
export interface TraceOptions {
  /** Put before every state name, so that teacher and student can live in one program. */
  readonly prefix: string;
  readonly mode: Mode;
  /** An earlier pass through the same model in the same step: its updates of buffers are where those of this one begin. */
  readonly after?: Trace;
  /** Which values training leaves as they are, by state name. Default: none. */
  readonly frozen?: (stateName: string) => boolean;
}

/**
 * What a definition leaves behind when it is traced: variables, taps, updates of running statistics. A trace is one pass
 * through one model; traces of one graph with the same prefix share their variables.
 */
export class Trace {
  readonly graph: Graph;
  /** Put before every state name, so that teacher and student can live in one program. */
  readonly prefix: string;
  readonly mode: Mode;
  readonly #variables = new Map<string, Variable>();
  readonly #taps = new Map<string, Tensor>();
  readonly #layers = new Map<string, Tensor>();
  readonly #updates: Map<string, Tensor>;
  readonly #frozen: (stateName: string) => boolean;
  /** Passes through the same model before this one. */
  readonly #pass: number;
  readonly #randomSites = new Map<string, number>();

  constructor(graph: Graph, { prefix, mode, after, frozen = () => false }: TraceOptions) {
    this.graph = graph;
    this.prefix = prefix;
    this.mode = mode;
    this.#frozen = frozen;
    this.#updates = new Map(after?.updates);
    this.#pass = after === undefined ? 0 : after.#pass + 1;
  }

  /** Parameters and buffers in order of definition, by state-dict name. */
  get variables(): ReadonlyMap<string, Variable> {
    return this.#variables;
  }

  /** Named intermediate results: those a definition declares. */
  get taps(): ReadonlyMap<string, Tensor> {
    return this.#taps;
  }

  /** Result of every layer and block, by path. */
  get layers(): ReadonlyMap<string, Tensor> {
    return this.#layers;
  }

  /** New values of buffers, by state name; those of the pass before included. */
  get updates(): ReadonlyMap<string, Tensor> {
    return this.#updates;
  }

  /** A tap, or the result of a layer or block. */
  find(path: string): Tensor | undefined {
    return this.#taps.get(path) ?? this.#layers.get(path);
  }

  /** Asking twice for one name gives the same variable, as calling a PyTorch module twice does. */
  variable(kind: Variable['kind'], name: string, shape: Shape, initializer: Initializer): Tensor {
    const known = this.#variables.get(name);
    if (known !== undefined) {
      if (sameShape(known.tensor.shape, shape)) return known.tensor;
      throw new NnError(
        `'${name}' has shape ${formatShape(known.tensor.shape)} already and cannot also have ${formatShape(shape)}; give the second layer a name of its own`,
      );
    }
    const stateName = this.#stateName(name);
    const tensor = this.graph.state(stateName, shape);
    this.#variables.set(name, { name, stateName, tensor, kind, initializer });
    return tensor;
  }

  /** Whether training leaves a value as it is, by state-dict name. */
  isFrozen(name: string): boolean {
    return this.#frozen(this.#stateName(name));
  }

  /**
   * Tells a random mask from every other of the step: those of other places, of other passes through the model, and of
   * another call of the same layer.
   */
  randomSite(path: string): number {
    const call = this.#randomSites.get(path) ?? 0;
    this.#randomSites.set(path, call + 1);
    return fnv1a(JSON.stringify([this.prefix, path, this.#pass, call]));
  }

  declareTap(name: string, tensor: Tensor): void {
    const known = this.#taps.get(name);
    if (known !== undefined && known !== tensor) throw new NnError(`tap '${name}' is declared twice`);
    this.#taps.set(name, tensor);
  }

  /** A layer that is called twice keeps its first result. */
  recordLayer(path: string, tensor: Tensor): void {
    if (!this.#layers.has(path)) this.#layers.set(path, tensor);
  }

  /** The latest value of a buffer in this pass. */
  latest(buffer: Tensor): Tensor {
    return this.#updates.get(stateNameOf(buffer)) ?? buffer;
  }

  /** Does nothing where the buffer is frozen. */
  update(buffer: Tensor, next: Tensor): void {
    const stateName = stateNameOf(buffer);
    if (!this.#frozen(stateName)) this.#updates.set(stateName, next);
  }

  #stateName(name: string): string {
    return this.prefix === '' ? name : `${this.prefix}.${name}`;
  }
}

const stateNameOf = (buffer: Tensor): string => buffer.attributes.name as string;

/** First values of variables under a seed, by state name. The same name and seed always give the same numbers. */
export function initialState(variables: Iterable<Variable>, seed: number): StateDict {
  const state = new Map();
  for (const { stateName, tensor, initializer } of variables) {
    const data = initializer.fill(tensor.shape, randomSource(seed, stateName));
    state.set(stateName, tensorData('float32', tensor.shape, data));
  }
  return state;
}
