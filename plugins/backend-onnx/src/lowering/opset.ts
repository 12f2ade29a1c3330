/** The newest ONNX operator set that models are written in: the first with `Gelu`, known to runtimes since 2023. */
export const newestOpset = 20;

/** The oldest one, of 2020: the first in which weights have a scale for each channel. */
export const oldestOpset = 13;

/** The version of the file format that came with an operator set. */
export function irVersionOf(opset: number): number {
  if (opset < 15) return 7;
  return opset < 19 ? 8 : 9;
}
