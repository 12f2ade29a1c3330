import { createRequire } from 'node:module';
import { didYouMean, LimbeckError } from '@limbeck/core';
import type {
  ComputeBackend,
  LoadedModel,
  LoadOptions,
  ModelTrial,
  TrialOptions,
} from '@limbeck/core/backend';
import { checkFeeds } from '@limbeck/core/backend';
import { decodeOnnx, encodeOnnx, inputsToGive, type OnnxModel, withOutputs } from '@limbeck/formats';
import type { InferenceSession } from 'onnxruntime-node';
import { findCapabilities } from './capabilities.js';
import { compile, unsupported } from './compile.js';
import { LoadedOnnxModel, outputPort, portOf } from './loaded-model.js';
import { offer } from './offer.js';
import { loadRuntime, messageOf, runtimeName } from './runtime.js';
import { explain, openSession } from './session.js';
import { carried } from './tensors.js';
import { runTrial } from './trial/run-trial.js';

/** The runtime is native code: it sees what our own reader has understood of a file, written anew, and nothing else. */
function rewritten(bytes: Uint8Array, options: LoadOptions) {
  const model = decodeOnnx(bytes, { source: options.source });
  const { device = 'cpu', threads, precision = 'float32', source: name = model.graph.name } = options;
  if (precision !== 'float32') throw unsupported(name, precision, 'a model from a file runs as it is');
  const { outputs = model.graph.outputs.map((output) => output.name) } = options;
  const given = new Set(model.graph.outputs.map((output) => output.name));
  const further = [...new Set(outputs)].filter((output) => !given.has(output));
  checkComputed(model, further, name);
  return { model, name, device, threads, outputs, content: encodeOnnx(withOutputs(model, further)) };
}

async function load(bytes: Uint8Array, options: LoadOptions = {}): Promise<LoadedModel> {
  const { model, name, device, threads, outputs, content } = rewritten(bytes, options);
  const runtime = await loadRuntime();
  const session = await openSession(runtime, content, { name, device, threads });
  return new LoadedOnnxModel(model.graph, { name, outputs, runtime, session });
}

async function tryModel(bytes: Uint8Array, options: TrialOptions): Promise<ModelTrial> {
  const { limits, feeds } = options;
  const { model, name, device, outputs, content } = rewritten(bytes, options);
  if (feeds !== undefined) checkFeeds(name, inputsToGive(model.graph).map(portOf), feeds);
  const file = createRequire(import.meta.url).resolve('onnxruntime-node');
  const order = { file, model: content, device, outputs, feeds: feeds === undefined ? null : carried(feeds) };
  const answer = await runTrial(order, limits, name);
  if (answer.type === 'failed') {
    const cause = new Error(answer.message);
    if (answer.stage === 'load') throw explain(cause, name, device);
    throw new LimbeckError('BACKEND_FAILED', `model '${name}' failed: ${messageOf(cause)}`, { cause });
  }
  const known = new Map(
    answer.metadata.map((output) => [output.name, output as InferenceSession.ValueMetadata]),
  );
  return { outputs: outputs.map((output) => outputPort(known.get(output)!)), given: answer.given };
}

/** @throws LimbeckError UNKNOWN_TAP for names that no node gives */
function checkComputed({ graph }: OnnxModel, names: readonly string[], name: string): void {
  const computed = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const unknown = names.find((one) => one === '' || !computed.has(one));
  if (unknown === undefined) return;
  throw new LimbeckError('UNKNOWN_TAP', `'${name}' has no tensor '${unknown}'`, {
    hint: didYouMean(unknown, [...computed]) ?? "'limbeck inspect FILE.onnx' lists its tensors",
    details: { model: name, tensor: unknown },
  });
}

/**
 * Programs as ONNX models run by onnxruntime-node: on the CPU by default, on WebGPU or CUDA where the device is asked
 * for and works. Computes in float32, and frozen programs in int8 on the CPU.
 */
export const onnxBackend: ComputeBackend = {
  id: 'onnx',
  description: 'ONNX models run by onnxruntime-node on CPU, WebGPU or CUDA',
  capabilities: findCapabilities,
  runtime: runtimeName,
  offer,
  compile: (program, options) => compile(program, options),
  load,
  tryModel,
};
