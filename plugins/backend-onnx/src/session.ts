import { availableParallelism } from 'node:os';
import { LimbeckError } from '@limbeck/core';
import type { Device } from '@limbeck/core/backend';
import type { InferenceSession } from 'onnxruntime-node';
import { messageOf, type Runtime } from './runtime.js';

export interface SessionSettings {
  /** What messages call the model. */
  readonly name: string;
  readonly device: Device;
  /** Threads for one operation. Default: the machine's cores. */
  readonly threads?: number;
  /**
   * Whether the runtime plans one block for all of a step's values. It does so after the first run and beside what that
   * run allocated: a little faster, and almost twice the memory. Default true.
   */
  readonly planMemory?: boolean;
  /** Where the runtime writes its profile; none without. */
  readonly profilePrefix?: string;
}

/** onnxruntime's names of devices. */
const providers: Readonly<Record<Device, string | undefined>> = {
  cpu: 'cpu',
  cuda: 'cuda',
  webgpu: 'webgpu',
  wasm: undefined,
};

/** Errors only; the runtime's warnings speak of fallbacks that the profile shows anyway. */
const errorsOnly = 3;

function optionsOf({
  device,
  threads,
  planMemory = true,
  profilePrefix,
}: SessionSettings): InferenceSession.SessionOptions {
  return {
    executionProviders: [providers[device]!],
    intraOpNumThreads: threads ?? availableParallelism(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableMemPattern: planMemory,
    logSeverityLevel: errorsOnly,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
}

/**
 * Loads a model.
 *
 * @throws LimbeckError BACKEND_UNAVAILABLE where the device does not work here, BACKEND_UNSUPPORTED where the runtime
 * has no kernel for an operation, BACKEND_FAILED otherwise
 */
export async function openSession(
  runtime: Runtime,
  bytes: Uint8Array,
  settings: SessionSettings,
): Promise<InferenceSession> {
  const { device, name } = settings;
  if (providers[device] === undefined) {
    throw new LimbeckError('BACKEND_UNAVAILABLE', `the ONNX backend has no device '${device}'`, {
      hint: "use 'cpu', 'webgpu' or 'cuda'",
    });
  }
  try {
    return await runtime.InferenceSession.create(bytes, optionsOf(settings));
  } catch (cause) {
    throw explain(cause, name, device);
  }
}

/** How onnxruntime says that it does not compute something in these element types. */
const typeErrors: readonly RegExp[] = [
  /Could not find an implementation for (\w+)\(\d+\) node with name '(.*?)'/,
  /of operator \((\w+)\) in node \((.*?)\) is invalid/,
  // where several devices share a model
  /Provider type for (\w+) node with name '(.*?)' is not set/,
];

/** How onnxruntime says that it does not know an operator: one of a domain of its own, one of ONNX's. */
const unknownOperators: readonly RegExp[] = [
  /(?<domain>[\w.-]+):(?<operator>\w+)\(-?\d+\) is not a registered function\/op/,
  /In Node, \("(?<node>.*?)", (?<operator>\w+), "(?<domain>.*?)", -?\d+\).*No Op registered for/,
];

/** What the runtime says about a model, in an error of ours. */
export function explain(cause: unknown, name: string, device: Device): LimbeckError {
  const message = messageOf(cause);
  const found = typeErrors.map((pattern) => pattern.exec(message)).find((match) => match !== null);
  if (found) {
    const [, operation, node] = found as unknown as [string, string, string];
    return new LimbeckError(
      'BACKEND_UNSUPPORTED',
      `'${name}': onnxruntime has no ${operation} for these element types, at ${node}`,
      { hint: 'cast to float32 or int32 first', details: { operation, node }, cause },
    );
  }
  const unknown = unknownOperators.map((pattern) => pattern.exec(message)).find((match) => match !== null);
  if (unknown) {
    const { domain, operator, node } = unknown.groups!;
    const of = domain ? ` of domain '${domain}'` : '';
    const at = node ? `, at ${node}` : '';
    return new LimbeckError(
      'BACKEND_UNSUPPORTED',
      `'${name}': onnxruntime knows no operator ${operator}${of}${at}`,
      {
        hint: "export the model with ONNX's own operators, of an operator set that onnxruntime knows",
        details: { operator, domain: domain ?? '' },
        cause,
      },
    );
  }
  if (device !== 'cpu') {
    return new LimbeckError('BACKEND_UNAVAILABLE', `'${name}' cannot run on ${device}: ${message}`, {
      hint: "use the device 'cpu', or see `limbeck doctor` for what is missing",
      cause,
    });
  }
  return new LimbeckError('BACKEND_FAILED', `onnxruntime refuses '${name}': ${message}`, { cause });
}
