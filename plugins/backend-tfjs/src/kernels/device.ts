import type { Device } from '@limbeck/core/backend';
import { plainName } from './plain/register.js';
import type { Tfjs } from './tfjs.js';

/** What tfjs calls its backends, and this package its devices. */
export type KernelsDevice = Extract<Device, 'webgpu' | 'wasm' | 'cpu'>;

/** Best first where the graphics processor is a real one. */
export const kernelsDevices: readonly KernelsDevice[] = ['webgpu', 'wasm', 'cpu'];

/** What lowerings ask about the device they write for. */
export interface KernelTarget {
  readonly device: KernelsDevice;
  /** Whether tfjs has this kernel there. */
  has(kernel: string): boolean;
  /** What a kernel is called by there, which may be one of ours in its stead. */
  named(kernel: string): string;
  /** Bytes that one tensor may have at most. */
  readonly maxBytes: number;
}

/** What is used of a GPUDevice. */
interface GpuDevice {
  readonly limits: { readonly maxStorageBufferBindingSize: number };
  readonly lost: Promise<{ readonly reason?: string; readonly message: string }>;
  readonly adapterInfo?: {
    readonly architecture?: string;
    readonly description?: string;
    readonly isFallbackAdapter?: boolean;
  };
  pushErrorScope(filter: 'validation' | 'out-of-memory'): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

const isSoftware = ({ adapterInfo }: GpuDevice): boolean =>
  adapterInfo?.isFallbackAdapter === true ||
  /swiftshader|llvmpipe|lavapipe/i.test(`${adapterInfo?.architecture} ${adapterInfo?.description}`);

/** A device of tfjs that is ready. */
export class KernelsRuntime {
  readonly tf: Tfjs;
  readonly target: KernelTarget;
  /** True for a graphics processor that the CPU stands in for. */
  readonly software: boolean;
  readonly #gpu: GpuDevice | undefined;
  #lost: string | undefined;

  /** @param onLost told once where the device is lost and another one has to be asked for */
  constructor(tf: Tfjs, device: KernelsDevice, onLost: () => void) {
    this.tf = tf;
    if (device === 'webgpu') {
      this.#gpu = (tf.findBackend(device) as { readonly device: GpuDevice }).device;
      void this.#gpu.lost.then(({ reason, message }) => {
        this.#lost = `${message.trim().split('\n')[0] || 'no reason is known'}${reason ? ` (${reason})` : ''}`;
        onLost();
      });
    }
    this.software = this.#gpu !== undefined && isSoftware(this.#gpu);
    this.target = {
      device,
      has: (kernel) => Boolean(tf.getKernel(kernel, device)),
      named: (kernel) => (device === 'cpu' ? plainName(kernel) : kernel),
      maxBytes: this.#gpu?.limits.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY,
    };
  }

  /** Why the device can no longer be used. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /** Runs `work` with the device active; whatever was active before is so again afterwards. */
  active<T>(work: () => T): T {
    const { device } = this.target;
    const engine = this.tf.engine();
    const before = engine.backendName;
    // it has been made ready, so that this takes effect at once
    if (before !== device) void this.tf.setBackend(device);
    try {
      return work();
    } finally {
      if (before !== device && before !== undefined && before !== null) void this.tf.setBackend(before);
    }
  }

  /**
   * Runs work that a graphics processor does later on, and waits for it: what goes wrong there is found by nobody else.
   *
   * @param work ends with reading what it computed, which sends it off
   */
  async guarded<T>(work: () => Promise<T>): Promise<T> {
    const gpu = this.#gpu;
    if (gpu === undefined) return work();
    gpu.pushErrorScope('validation');
    gpu.pushErrorScope('out-of-memory');
    const [result, ...faults] = await Promise.allSettled([work(), gpu.popErrorScope(), gpu.popErrorScope()]);
    for (const fault of faults)
      if (fault.status === 'fulfilled' && fault.value !== null) throw new Error(fault.value.message);
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }
}
