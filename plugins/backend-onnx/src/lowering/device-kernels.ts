import type { Device } from '@limbeck/core/backend';

/**
 * What the kernels of onnxruntime on a device compute as ONNX says. A device that lacks an operator altogether is not
 * listed here: onnxruntime runs such a node on the CPU by itself. The entries are operators that a device claims and then
 * refuses when they run, or computes differently.
 *
 * Source: the execution providers of onnxruntime 1.30, `core/providers/webgpu` and `core/providers/cuda`. Those of WebGPU
 * were also tried against the reference interpreter.
 */
export interface DeviceKernels {
  /** `BatchNormalization` with `training_mode`. WebGPU refuses it. CUDA takes the running statistics without a word. */
  readonly trainingBatchNorm: boolean;
  /** The least `epsilon` that `BatchNormalization` adds as it is. cuDNN raises smaller ones to 1e-5. */
  readonly smallestEpsilon: number;
  /** The second output of `MaxPool`, and `MaxUnpool` that reads it. WebGPU has neither, CUDA only the first. */
  readonly maxPoolIndices: boolean;
  /** `Pow` of two shapes of which neither is a scalar. WebGPU's shader for it does not build. */
  readonly broadcastingPow: boolean;
  /**
   * Channels that a grouped `Conv` computes side by side. WebGPU takes four or two where they divide all output channels,
   * and mixes up groups that do not consist of whole such packs.
   */
  readonly groupPack: 1 | 4;
  /** Whether a convolution with one-hot weights moves maps faster than slices do. Slices run on one thread of a CPU. */
  readonly movesByConvolution: boolean;
}

/** Everything that ONNX says: the CPU, and models for other tools. */
export const standardKernels: DeviceKernels = {
  trainingBatchNorm: true,
  smallestEpsilon: 0,
  maxPoolIndices: true,
  broadcastingPow: true,
  groupPack: 1,
  movesByConvolution: true,
};

const webgpu: DeviceKernels = {
  trainingBatchNorm: false,
  smallestEpsilon: 0,
  maxPoolIndices: false,
  broadcastingPow: false,
  groupPack: 4,
  movesByConvolution: false,
};

const cuda: DeviceKernels = {
  ...standardKernels,
  trainingBatchNorm: false,
  smallestEpsilon: 1e-5,
  maxPoolIndices: false,
  movesByConvolution: false,
};

/** What a program compiled for a device may use. */
export const kernelsOf: Readonly<Record<Device, DeviceKernels>> = {
  cpu: standardKernels,
  wasm: standardKernels,
  webgpu,
  cuda,
};
