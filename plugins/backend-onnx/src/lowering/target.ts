import type { Tensor } from '@limbeck/graph';
import type { DeviceKernels } from './device-kernels.js';

/** What a model is made for, which decides how some operations are written. */
export interface LoweringTarget {
  /** Use ONNX's own operators only: for other tools, and for devices that lack onnxruntime's CPU kernels. */
  readonly portable: boolean;
  /** The operator set it is written in. */
  readonly opset: number;
  /** What the device's kernels compute as ONNX says. */
  readonly kernels: DeviceKernels;
  /** Block size of the CPU's blocked convolutions; 0 where it has none. */
  readonly channelBlock: number;
  /** The axis of a tensor that holds the batch, where the model is to take batches of any size. */
  readonly batchAxis?: (tensor: Tensor) => number | undefined;
}
