import {
  type ComputeBackend,
  didYouMean,
  LimbeckError,
  type LoadedModel,
  type LoadOptions,
} from '@limbeck/core';
import { decodeOnnx, encodeOnnx, type OnnxModel, withOutputs } from '@limbeck/formats';
import { findCapabilities } from './capabilities.js';
import { compile, unsupported } from './compile.js';
import { LoadedOnnxModel } from './loaded-model.js';
import { offer } from './offer.js';
import { loadRuntime, runtimeName } from './runtime.js';
import { openSession } from './session.js';

async function load(bytes: Uint8Array, options: LoadOptions = {}): Promise<LoadedModel> {
  // the runtime is native code: it sees what our own reader has understood, written anew, and nothing else of the file
  const model = decodeOnnx(bytes, { source: options.source });
  const { device = 'cpu', threads, precision = 'float32', source: name = model.graph.name } = options;
  if (precision !== 'float32') throw unsupported(name, precision, 'a model from a file runs as it is');
  const { outputs = model.graph.outputs.map((output) => output.name) } = options;
  const given = new Set(model.graph.outputs.map((output) => output.name));
  const further = [...new Set(outputs)].filter((output) => !given.has(output));
  checkComputed(model, further, name);
  const runtime = await loadRuntime();
  const session = await openSession(runtime, encodeOnnx(withOutputs(model, further)), {
    name,
    device,
    threads,
  });
  return new LoadedOnnxModel(model.graph, { name, outputs, runtime, session });
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
};
