/** Values of a tensor on the host. */
export type KernelValues = Float32Array | Int32Array | Uint8Array;

/** A tensor of tfjs, as far as it is used here. */
export interface KernelTensor {
  data(): Promise<KernelValues>;
  dispose(): void;
}

/** Tensors that a kernel takes, by name; some take a list. */
export type KernelInputs = Readonly<Record<string, KernelTensor>> | readonly KernelTensor[];

/**
 * What is used of `@tensorflow/tfjs-core`: its kernels, called by name. Its own types are not needed to build this package,
 * which is built where it is absent.
 */
export interface Tfjs {
  readonly version_core: string;
  engine(): {
    /** The device's name; none before the first is chosen. */
    readonly backendName?: string;
    // a method, so that tfjs' own narrower types fit
    runKernel(name: string, inputs: never, attributes?: never): unknown;
  };
  setBackend(name: string): Promise<boolean>;
  findBackend(name: string): unknown;
  /** How a device is made; null where its package is not imported. */
  findBackendFactory(name: string): unknown;
  removeBackend(name: string): void;
  registerBackend(name: string, factory: () => never): boolean;
  getKernel(name: string, device: string): unknown;
  registerKernel(config: {
    readonly kernelName: string;
    readonly backendName: string;
    readonly kernelFunc: never;
  }): void;
  tensor(values: KernelValues, shape: number[], dtype: 'float32' | 'int32' | 'bool'): KernelTensor;
  memory(): { readonly numTensors: number };
  env(): { set(flag: string, value: boolean): void };
}
