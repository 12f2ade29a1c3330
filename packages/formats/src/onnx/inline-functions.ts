import type { ProtoReader } from '../protobuf/reader.js';
import type { OnnxFunction } from './decode-function.js';
import type { CallNode } from './decode-graph.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxOpset } from './model.js';

/** Nodes that calls of functions may become, all together: functions that call others twice double each time. */
const mostNodes = 100_000;
/** Functions that call each other, from a node of the graph down. */
const deepest = 32;

/** What a node takes besides its names, and what a name takes. */
const nodeObject = 384;
const nameObject = 96;

/** What {@link inlineFunctions} reads. */
export interface WithFunctions {
  readonly graph: OnnxGraph;
  readonly opsetImports: readonly OnnxOpset[];
  readonly functions: readonly OnnxFunction[];
}

/** `ai.onnx` is another name of ONNX's own domain. */
const domainOf = (domain: string | undefined): string => (domain === 'ai.onnx' ? '' : (domain ?? ''));

const keyOf = (domain: string | undefined, name: string, overload = ''): string =>
  JSON.stringify([domainOf(domain), name, overload]);

/**
 * A graph in which the nodes of functions stand in the place of their calls, with names of values that occur nowhere else.
 * Fails where functions call themselves, where they mean other versions of operators than the model, and where they become
 * too many nodes.
 */
export function inlineFunctions(
  reader: ProtoReader,
  { graph, opsetImports, functions }: WithFunctions,
): Pick<WithFunctions, 'graph' | 'opsetImports'> {
  const inliner = new Inliner(reader, functions);
  const inlined = inliner.graph(graph, outside);
  return { graph: inlined, opsetImports: inliner.opsets(opsetImports) };
}

/** Where nodes stand: what their values and attributes are called there. */
interface Surroundings {
  /** A value's name in the whole graph. */
  readonly rename: (name: string) => string;
  /** Attributes of the call; undefined outside of functions. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>> | undefined;
  /** Functions that are being put in. */
  readonly within: readonly OnnxFunction[];
  /** Goes before names of nodes. */
  readonly prefix: string;
}

const outside: Surroundings = { rename: (name) => name, attributes: undefined, within: [], prefix: '' };

class Inliner {
  readonly #reader: ProtoReader;
  readonly #functions = new Map<string, OnnxFunction>();
  readonly #called = new Set<OnnxFunction>();
  #nodes = 0;
  #calls = 0;

  constructor(reader: ProtoReader, functions: readonly OnnxFunction[]) {
    this.#reader = reader;
    for (const one of functions) {
      const key = keyOf(one.domain, one.name, one.overload);
      if (this.#functions.has(key)) reader.fail(`the function '${one.name}' occurs twice`);
      this.#functions.set(key, one);
    }
  }

  graph(graph: OnnxGraph, place: Surroundings): OnnxGraph {
    // most models have no functions, and their nodes stay as they are
    const nodes = graph.nodes.flatMap((node) => this.#node(node, place));
    if (place === outside) return { ...graph, nodes };
    const renamed = <T extends { readonly name: string }>(values: readonly T[]) =>
      values.map((value) => ({ ...value, name: place.rename(value.name) }));
    return {
      name: graph.name,
      nodes,
      inputs: renamed(graph.inputs),
      outputs: renamed(graph.outputs),
      initializers: renamed(graph.initializers),
      valueInfo: renamed(graph.valueInfo ?? []),
    };
  }

  /** Versions that the model and the called functions need. */
  opsets(imports: readonly OnnxOpset[]): readonly OnnxOpset[] {
    if (this.#functions.size === 0) return imports;
    const own = new Set([...this.#functions.values()].map(({ domain }) => domainOf(domain)));
    const versions = new Map(imports.map(({ domain, version }) => [domainOf(domain), version]));
    for (const { name, opsetImports } of this.#called) {
      for (const { domain, version } of opsetImports) {
        const known = versions.get(domainOf(domain)) ?? version;
        if (known !== version && !own.has(domainOf(domain))) {
          this.#reader.fail(
            `the function '${name}' means version ${version} of the operators '${domainOf(domain)}', the model version ${known}`,
          );
        }
        versions.set(domainOf(domain), known);
      }
    }
    // a domain of nothing but functions is gone; ONNX's own stays
    return [...versions]
      .filter(([domain]) => domain === '' || !own.has(domain))
      .map(([domain, version]) => ({ domain, version }));
  }

  #node(node: CallNode, place: Surroundings): OnnxNode[] {
    const called = this.#functions.get(keyOf(node.domain, node.opType, node.overload));
    if (called !== undefined) return this.#call(called, this.#placed(node, place), place);
    if (node.overload !== undefined)
      this.#reader.fail(`the node '${node.name}' calls an overload of '${node.opType}', which is not there`);
    return [this.#placed(node, place)];
  }

  /** A node with the names and attributes that its surroundings give it. */
  #placed(node: CallNode, place: Surroundings): OnnxNode {
    const holdsGraphs = Object.values(node.attributes).some(
      ({ kind }) => kind === 'graph' || kind === 'graphs',
    );
    if (place === outside && !holdsGraphs && node.references === undefined) return node;
    if (place !== outside) this.#count(node);
    const { opType, domain, name, inputs, outputs, references = {} } = node;
    const attributes: Record<string, OnnxAttribute> = Object.create(null);
    for (const [key, attribute] of Object.entries(node.attributes)) {
      if (attribute.kind === 'graph')
        attributes[key] = { ...attribute, value: this.graph(attribute.value, place) };
      else if (attribute.kind === 'graphs')
        attributes[key] = { ...attribute, value: attribute.value.map((graph) => this.graph(graph, place)) };
      else attributes[key] = attribute;
    }
    for (const [key, reference] of Object.entries(references)) {
      if (place.attributes === undefined)
        this.#reader.fail(`the attribute '${key}' refers to a function's, and stands in none`);
      const given = place.attributes?.[reference];
      // an optional attribute that the call leaves out is left out here as well
      if (given !== undefined) attributes[key] = given;
    }
    return {
      opType,
      inputs: inputs.map(place.rename),
      outputs: outputs.map(place.rename),
      name: place.prefix + name,
      ...(domain !== undefined && { domain }),
      attributes,
    };
  }

  #call(called: OnnxFunction, call: OnnxNode, place: Surroundings): OnnxNode[] {
    if (place.within.includes(called)) this.#reader.fail(`the function '${called.name}' calls itself`);
    if (place.within.length >= deepest)
      this.#reader.fail(`functions call each other more than ${deepest} deep`);
    if (call.inputs.length > called.inputs.length || call.outputs.length > called.outputs.length)
      this.#reader.fail(
        `the node '${call.name}' gives or takes more than the function '${called.name}' does`,
      );
    this.#called.add(called);
    const prefix = `${called.name}.${++this.#calls}/`;
    const names = new Map<string, string>([['', '']]);
    for (const [i, input] of called.inputs.entries()) names.set(input, call.inputs[i] ?? '');
    const copies: OnnxNode[] = [];
    for (const [i, output] of called.outputs.entries()) {
      const outer = call.outputs[i] ?? '';
      if (outer === '') continue;
      const same = names.get(output);
      if (same === undefined) names.set(output, outer);
      else copies.push(identity(same, outer));
    }
    const inner: Surroundings = {
      rename: (name) => names.get(name) ?? prefix + name,
      attributes: Object.assign(Object.create(null), called.defaults, call.attributes),
      within: [...place.within, called],
      prefix,
    };
    const nodes = called.nodes.flatMap((node) => this.#node(node, inner));
    return [...nodes, ...copies];
  }

  #count({ inputs, outputs }: OnnxNode): void {
    if (++this.#nodes > mostNodes) this.#reader.fail(`its functions become more than ${mostNodes} nodes`);
    this.#reader.take(nodeObject + nameObject * (inputs.length + outputs.length));
  }
}

/** An input of a function that is one of its outputs too. */
const identity = (input: string, output: string): OnnxNode => ({
  opType: 'Identity',
  inputs: [input],
  outputs: [output],
  name: '',
  domain: '',
  attributes: Object.create(null),
});
