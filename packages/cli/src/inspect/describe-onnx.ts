import path from 'node:path';
import { placeForeign } from '@limbeck/compose';
import type { ModelPort } from '@limbeck/core/backend';
import type { Host } from '@limbeck/core/host';
import { decodeOnnx, inputsToGive, type OnnxGraph, type OnnxModel, type OnnxValue } from '@limbeck/formats';
import { modelLimits, onnxParameters, readModelFile } from '@limbeck/trainer';

/** A tensor of a model from a file; names in a shape stand for sizes that are open, `null` for those nobody knows. */
export interface OnnxTensorFacts {
  readonly name: string;
  readonly dtype?: string;
  /** Absent where not even the rank is known. */
  readonly shape?: readonly (number | string | null)[];
}

/** What a model from a file is made of. */
export interface OnnxDescription {
  readonly file: string;
  readonly producer: string;
  /** Operator sets by domain; ONNX's own is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Numbers it holds as floating point constants. */
  readonly parameters: number;
  readonly inputs: readonly OnnxTensorFacts[];
  readonly outputs: readonly OnnxTensorFacts[];
  /** Everything that is computed and has a name, in order: what the taps of a teacher may name. */
  readonly tensors: readonly (OnnxTensorFacts & { readonly operator: string })[];
  /** How often each operator occurs. */
  readonly operators: Readonly<Record<string, number>>;
  /** What it says of itself besides: for one of ours, classes, preprocessing, figures of its run, licence. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Why shapes that the file does not say are missing. */
  readonly problem?: string;
}

/** Describes an `.onnx` file; the runtime infers the shapes that the file does not say, where it takes the model. */
export async function describeOnnx(file: string, host: Host, cwd: string): Promise<OnnxDescription> {
  const bytes = readModelFile(path.resolve(cwd, file), file);
  const model = decodeOnnx(bytes, { source: file });
  const { graph } = model;
  const said = new Map(
    [...graph.inputs, ...graph.outputs, ...(graph.valueInfo ?? [])].map((v) => [v.name, v]),
  );
  const computed = graph.nodes.flatMap(({ outputs, opType }) =>
    outputs.filter((name) => name !== '').map((name) => ({ name, operator: opType })),
  );
  const names = computed.map(({ name }) => name);
  const { ports, problem } = await infer(bytes, { source: file, names }, host);
  const facts = (name: string): OnnxTensorFacts => ports.get(name) ?? factsOf(said.get(name) ?? { name });
  return {
    file,
    producer: model.producerName,
    opsets: opsetsOf(model),
    parameters: onnxParameters(model),
    inputs: inputsToGive(graph).map(factsOf),
    outputs: graph.outputs.map(({ name }) => facts(name)),
    tensors: computed.map(({ name, operator }) => ({ operator, ...facts(name) })),
    operators: countOf(graph),
    metadata: { ...model.metadata },
    problem,
  };
}

/** The runtime takes minutes for models of more tensors that are all to be given. */
const mostInferred = 2000;

/** What the runtime finds out about tensors, in a process of its own: the file need not be trusted. */
async function infer(
  bytes: Uint8Array,
  { source, names }: { source: string; names: readonly string[] },
  host: Host,
): Promise<{ ports: ReadonlyMap<string, OnnxTensorFacts>; problem?: string }> {
  if (names.length > mostInferred) {
    return {
      ports: new Map(),
      problem: `it computes ${names.length} tensors, too many to ask the runtime for all of them`,
    };
  }
  try {
    const { backend } = await placeForeign({ use: 'auto', precision: 'float32' }, host);
    if (backend.tryModel === undefined)
      return { ports: new Map(), problem: `backend '${backend.id}' has no trials` };
    const limits = modelLimits({}, bytes.byteLength)!;
    const { outputs } = await backend.tryModel(bytes, { source, outputs: names, limits });
    return { ports: new Map(outputs.map((port: ModelPort) => [port.name, port])) };
  } catch (error) {
    return { ports: new Map(), problem: (error as Error).message };
  }
}

const factsOf = ({ name, dtype, shape }: OnnxValue): OnnxTensorFacts => ({
  name,
  dtype,
  shape,
});

const opsetsOf = ({ opsetImports }: OnnxModel): Record<string, number> =>
  Object.fromEntries(opsetImports.map(({ domain, version }) => [domain || 'ai.onnx', version]));

function countOf({ nodes }: OnnxGraph): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { opType, domain } of nodes) {
    const operator = domain ? `${domain}:${opType}` : opType;
    counts.set(operator, (counts.get(operator) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
