export type { ElementArray, ElementArrays, ElementType } from './element-types.js';
export { FormatError, type FormatErrorCode, type ReadOptions } from './errors.js';
export { float16ToFloat32, float32ToFloat16 } from './float16.js';
export { decodeOnnx } from './onnx/decode.js';
export { encodeOnnx } from './onnx/encode.js';
export {
  attr,
  type OnnxAttribute,
  type OnnxDimension,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxOpset,
  type OnnxTensor,
  type OnnxValue,
} from './onnx/model.js';
export { readSafetensors, type SafetensorsFile } from './safetensors/read.js';
export {
  layoutSafetensors,
  type SafetensorsLayout,
  type SafetensorsTensor,
  type SafetensorsType,
  writeSafetensors,
} from './safetensors/write.js';
export { encodeSavedModel } from './tensorflow/encode.js';
export {
  type TensorflowAttribute,
  type TensorflowGraph,
  type TensorflowModel,
  type TensorflowNode,
  type TensorflowPort,
  type TensorflowSignature,
  type TensorflowTensor,
  type TensorflowType,
  tfAttr,
} from './tensorflow/model.js';
