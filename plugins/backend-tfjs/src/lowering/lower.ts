import { type TensorflowModel, type TensorflowPort, tfAttr } from '@limbeck/formats';
import { leafName, type Program, type StateSlot, simplify, type Tensor } from '@limbeck/graph';
import { assignLayouts } from './assign-layouts.js';
import { claimOn } from './claims.js';
import { isFed } from './fed.js';
import { loweringOf } from './find-lowering.js';
import { type BuilderOptions, GraphBuilder } from './graph-builder.js';
import { inMemory, isLogical, type Layout, logical, orderBetween } from './layout.js';
import { carrierOf, pack, unpack } from './ports.js';
import { ProgramFacts } from './program-facts.js';

/** Version of TensorFlow's operators that graphs ask for: that of 2.9, which tfjs-node was made for. */
const producer = 1087;

/** What loaders ask for. */
export const tag = 'serve';

/** A program as {@link lower} takes it: composites that are not claimed are decomposed. */
export const prepare = (program: Program): Program =>
  simplify(program, (node) => claimOn(node) !== undefined);

/** Where the lowered program keeps one state. */
interface Variable {
  readonly slot: StateSlot;
  readonly layout: Layout;
  readonly handle: string;
  /** Its value at the start of a step. */
  readonly value: string;
}

export interface LowerOptions extends BuilderOptions {
  /** What the signature is called that takes inputs and gives outputs. Default `step`. */
  readonly signature?: string;
}

/**
 * A prepared program as a SavedModel with the signatures `write` (all state in), `step` (inputs in; outputs out; state
 * that changes replaced) and `read` (all state out). Programs without state have `step` alone. Ports bear the names of
 * inputs, outputs and state.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED naming the operation and its scope
 */
export function lower(
  program: Program,
  { signature = 'step', ...options }: LowerOptions = {},
): TensorflowModel {
  const facts = new ProgramFacts(program);
  const layouts = assignLayouts(program, facts, loweringOf);
  const graph = new GraphBuilder(facts, options);
  const inputs: Record<string, TensorflowPort> = {};
  for (const input of program.inputs) {
    const [name, value] = placeholder(graph, input, 'input');
    inputs[leafName(input)] = portOf(graph, input, name);
    if (graph.batchAxis(input) !== undefined && input.dtype === 'float32') graph.batchSource ??= name;
    graph.define(input, value, logical(input.shape.length));
  }
  const variables = program.state.map((slot) => declare(graph, slot, layouts.get(slot.current)!));
  for (const { slot, layout, value } of variables) graph.define(slot.current, value, layout);
  for (const node of facts.nodes) graph.lowerNode(node, layouts.get(node)!, loweringOf);

  graph.scope = '';
  const results = [...program.outputs].map(([name, tensor]) => {
    return { name, tensor, value: pack(graph, graph.read(tensor), tensor.dtype) };
  });
  const assigned = assign(
    graph,
    variables,
    results.map(({ value }) => value),
  );
  const outputs: Record<string, TensorflowPort> = {};
  for (const { name, tensor, value } of results) {
    const carrier = { T: tfAttr.type(carrierOf(tensor.dtype)) };
    outputs[name] = portOf(graph, tensor, graph.add('Identity', [value, ...assigned], carrier, 'output'));
  }
  if (results.length === 0) outputs[doneName] = donePort(graph, assigned);
  const signatures = { [signature]: { inputs, outputs } };
  const model = (others: TensorflowModel['signatures']): TensorflowModel => ({
    tags: [tag],
    graph: { nodes: graph.nodes, producer },
    signatures: { ...signatures, ...others },
  });
  return variables.length === 0 ? model({}) : model(access(graph, variables));
}

/** A port's node and the value it stands for. */
function placeholder(graph: GraphBuilder, tensor: Tensor, stem: string): [string, string] {
  const { dtype } = tensor;
  const name = graph.add(
    'Placeholder',
    [],
    { dtype: tfAttr.type(carrierOf(dtype)), shape: tfAttr.shape(graph.shapeOf(tensor)) },
    stem,
  );
  return [name, unpack(graph, name, dtype)];
}

const portOf = (graph: GraphBuilder, tensor: Tensor, node: string): TensorflowPort => ({
  value: `${node}:0`,
  dtype: carrierOf(tensor.dtype),
  shape: graph.shapeOf(tensor),
});

/** A variable and its reading. */
function declare(graph: GraphBuilder, slot: StateSlot, layout: Layout): Variable {
  const { shape, dtype } = slot.current;
  const handle = graph.add(
    'VarHandleOp',
    [],
    {
      dtype: tfAttr.type(dtype),
      shape: tfAttr.shape(inMemory(shape, layout)),
      container: tfAttr.string(''),
      shared_name: tfAttr.string(slot.name),
    },
    'variable',
  );
  return { slot, layout, handle, value: readVariable(graph, handle, slot.current) };
}

const readVariable = (graph: GraphBuilder, handle: string, { dtype }: Tensor): string =>
  graph.add('ReadVariableOp', [handle], { dtype: tfAttr.type(dtype) }, 'value');

const assignVariable = (
  graph: GraphBuilder,
  handle: string,
  value: readonly string[],
  { dtype }: Tensor,
): string =>
  graph.add(
    'AssignVariableOp',
    [handle, ...value],
    { dtype: tfAttr.type(dtype), validate_shape: tfAttr.bool(false) },
    'assign',
  );

/**
 * Memory of the session's own. What is fed is memory of JavaScript's: a variable that kept it would change with the
 * caller's array, and would let go of it on a thread that must not.
 */
const copied = (graph: GraphBuilder, value: string, { dtype }: Tensor): string =>
  graph.add('DeepCopy', [value], { T: tfAttr.type(dtype) }, 'copy');

/** The name a control input gives a value's node. */
const after = (value: string): string => `^${value.replace(/:\d+$/, '')}`;

/**
 * Replaces the state that changes once everything of the step is computed: a step that fails leaves all of it as it
 * was, and no reading comes after an assignment. Returns what outputs have to wait for.
 */
function assign(graph: GraphBuilder, variables: readonly Variable[], outputs: readonly string[]): string[] {
  const changed = variables
    .filter(({ slot }) => slot.next !== slot.current)
    .map((variable) => {
      const { next } = variable.slot;
      const value = graph.read(next, variable.layout);
      return { ...variable, update: isFed(next) ? copied(graph, value, next) : value };
    });
  if (changed.length === 0) return [];
  const waits = [...outputs, ...changed.map(({ update }) => update), ...variables.map(({ value }) => value)];
  const computed = graph.add('NoOp', [...new Set(waits.map(after))], {}, 'computed');
  const assigns = changed.map(({ handle, update, slot }) =>
    assignVariable(graph, handle, [update, `^${computed}`], slot.current),
  );
  return [`^${graph.add('NoOp', assigns.map(after), {}, 'assigned')}`];
}

/** The output of a signature that has nothing to say. */
export const doneName = 'done';

function donePort(graph: GraphBuilder, waits: readonly string[]): TensorflowPort {
  const value = graph.add('Identity', [graph.int(1), ...waits], { T: tfAttr.type('int32') }, 'done');
  return { value: `${value}:0`, dtype: 'int32', shape: [] };
}

/** The signatures that write and read all state, in the program's own layout. */
function access(graph: GraphBuilder, variables: readonly Variable[]): TensorflowModel['signatures'] {
  const given: Record<string, TensorflowPort> = {};
  const taken: Record<string, TensorflowPort> = {};
  const assigns: string[] = [];
  for (const { slot, layout, handle } of variables) {
    const { current, name } = slot;
    const order = orderBetween(logical(layout.length), layout);
    const [port, value] = placeholder(graph, current, 'write');
    given[name] = portOf(graph, current, port);
    const ordered = isLogical(layout) ? value : graph.transpose(current.dtype, value, order);
    const stored = copied(graph, ordered, current);
    assigns.push(assignVariable(graph, handle, [stored], current));
    const kept = readVariable(graph, handle, current);
    const back = isLogical(layout)
      ? kept
      : graph.transpose(current.dtype, kept, orderBetween(layout, logical(layout.length)));
    const carrier = { T: tfAttr.type(carrierOf(current.dtype)) };
    taken[name] = portOf(
      graph,
      current,
      graph.add('Identity', [pack(graph, back, current.dtype)], carrier, 'read'),
    );
  }
  return {
    write: { inputs: given, outputs: { [doneName]: donePort(graph, assigns.map(after)) } },
    read: { inputs: {}, outputs: taken },
  };
}
