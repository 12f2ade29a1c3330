export { type ElementArray, type ElementArrays, type ElementType, elementBytes } from './element-types.js';
export { FormatError, type FormatErrorCode, type ReadOptions } from './errors.js';
export { float16ToFloat32, float32ToFloat16 } from './float16.js';
export { fileBytes } from './folder/file-bytes.js';
export { FileIndex, type PickedFiles } from './folder/file-index.js';
export { type IndexOptions, indexFolder, unreadable } from './folder/index-folder.js';
export { indexPictures, type PictureIndexOptions } from './folder/index-pictures.js';
export { kept } from './folder/kept.js';
export { openRegularFile, readRegularFile } from './folder/regular-file.js';
export { byCodePoint } from './folder/walk.js';
export { type MatlabStruct, type MatlabValue, readMatlab } from './matlab/read.js';
export { readNpy, readNpz } from './numpy/read.js';
export { writeNpz } from './numpy/write.js';
export { decodeOnnx } from './onnx/decode.js';
export { encodeOnnx } from './onnx/encode.js';
export {
  attr,
  inputsToGive,
  type OnnxAttribute,
  type OnnxDimension,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxOpset,
  type OnnxTensor,
  type OnnxValue,
} from './onnx/model.js';
export { type SelfContainedOptions, selfContained } from './onnx/self-contained.js';
export { withOutputs } from './onnx/with-outputs.js';
export { type PickledBytes, type PickledData, readPickledData } from './pickle/data.js';
export { isPictureName, looksDamaged, pictureEndings } from './pictures.js';
export { openSafetensors, readSafetensors, type SafetensorsFile } from './safetensors/read.js';
export {
  layoutSafetensors,
  type SafetensorsLayout,
  type SafetensorsTensor,
  writeSafetensors,
} from './safetensors/write.js';
export { type ByteSource, type TarEntry, type TarPlace, tarEntries } from './tar/entries.js';
export { encodeSavedModel } from './tensorflow/encode.js';
export { encodeGraphModel, type GraphModelOptions } from './tensorflow/graph-model.js';
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
export { readTorch, type TorchReadOptions } from './torch/read.js';
export { writeTorch } from './torch/write.js';
export { castFloats, type FloatType, floatTypes } from './weights/cast.js';
export { type FileTensor, type WeightsFile, type WeightsFormat, weightsFormats } from './weights/file.js';
export { formatOf } from './weights/format.js';
export type { Beside } from './weights/index-file.js';
export { type OpenWeightsOptions, openWeights, weightsEntries } from './weights/open.js';
export { toStateDict } from './weights/tensor-data.js';
export { isZip, openZip, type ZipArchive, type ZipPlace } from './zip/read.js';
