import { LimbeckError } from '@limbeck/core';

const otherBackend =
  "the backend 'onnx' tells the times of all its operations, though other operations may be the slow ones there";

const noProfile = (name: string, why: string, hint: string): LimbeckError =>
  new LimbeckError('BACKEND_UNSUPPORTED', `there are no times of the operations of '${name}': ${why}`, {
    hint,
  });

/** tfjs-node hands on no run options, and oneDNN is not what computes on a GPU. */
export const noProfileOnGpu = (name: string): LimbeckError =>
  noProfile(
    name,
    'tfjs-node cannot ask TensorFlow for times, and on a GPU there is no log of oneDNN to read instead',
    "NVIDIA's nsys shows the times of kernels",
  );

/** The variable by which TensorFlow is told to do without oneDNN. */
const variable = 'TF_ENABLE_ONEDNN_OPTS';

/** Why the log would tell next to nothing; undefined where it should not be so. Pieces of products are in it all the same. */
export function oneDnnFault(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): LimbeckError | undefined {
  const value = env[variable] ?? '';
  if (!/^(0|false)$/i.test(value)) return undefined;
  const why = `they are read from the log of oneDNN, which ${variable}=${value} turns off`;
  return noProfile(name, why, `unset ${variable}; ${otherBackend}`);
}

/**
 * The log is empty.
 *
 * @param arch Node's name of the processor
 */
export function noPrimitives(name: string, arch: string): LimbeckError {
  const why =
    arch === 'x64' ? 'computes none of them' : `TensorFlow does not use on this processor (${arch})`;
  return noProfile(name, `they are read from the log of oneDNN, which ${why}`, otherBackend);
}
