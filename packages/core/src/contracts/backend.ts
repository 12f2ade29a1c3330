import type { Program, ProgramSignature, StateDict, TensorData } from '@limbeck/graph';
import type { OptionSchema } from './contribution.js';
import type { Lent } from './lent.js';

/** Where a program runs. */
export type Device = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/** Element type a backend computes in; parameters and optimiser state stay float32. */
export type Precision = 'float32' | 'bfloat16' | 'int8';

/** What a backend can do on this machine. */
export type Capabilities =
  | {
      readonly available: true;
      /** The runtime with its version, for `limbeck doctor` and the environment record. */
      readonly runtime: string;
      /** Devices that work here, best first. */
      readonly devices: readonly Device[];
      readonly precisions: readonly Precision[];
      /** The precisions of devices that do not have all of `precisions`. */
      readonly precisionsOn?: Readonly<Partial<Record<Device, readonly Precision[]>>>;
      /** File formats of foreign models it runs unchanged, e.g. `onnx`. */
      readonly loads: readonly string[];
      /** Devices that do not work here, and why. */
      readonly unavailable?: Readonly<Partial<Record<Device, string>>>;
      /** What would change that, as a command where there is one. */
      readonly remedies?: Readonly<Partial<Record<Device, string>>>;
    }
  | {
      readonly available: false;
      /** Why it cannot run here. */
      readonly reason: string;
      /** The command that would change it. */
      readonly remedy?: string;
    };

/** What `backend: 'auto'` wants to place: a program that trains, or a frozen one. */
export type Role = 'training' | 'inference';

/** Where a backend would run a program that `backend: 'auto'` asks about. */
export type Offer =
  | {
      readonly available: true;
      readonly device: Device;
      /** Order of preference: `auto` takes the lowest. The standard backends' lie between 10 and 40. */
      readonly rank: number;
    }
  | { readonly available: false; readonly reason: string; readonly remedy?: string };

/** What is to be placed. */
export interface OfferRequest {
  readonly precision: Precision;
  readonly role: Role;
  /** Where the configuration names one. */
  readonly device?: Device;
}

/** What a backend's runtime is installed with. */
export interface InstallOptions {
  /** The runtime's version. Default: the last one tried with this backend. */
  readonly version?: string;
  /** What it is to run on. Default `cpu`. */
  readonly device?: Device;
  /** Where it goes. Default: a folder of the user's that the backend chooses. */
  readonly folder?: string;
  /** Install anew even where it is there. */
  readonly force?: boolean;
}

/**
 * Keeps what a backend found out about a program by calibration, from one compilation to the next. The backend makes the
 * key from all that its findings depend on, asks before it measures, and gives what it measured. Losing anything is
 * harmless.
 */
export interface CalibrationMemory {
  /**
   * What was kept under a key; the backend checks what it gets all the same.
   *
   * @param key hexadecimal digits
   * @returns undefined where nothing was kept, or not as it was written
   */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Called only after something was measured. Must not reject because the bytes cannot be kept. */
  write(key: string, bytes: Uint8Array): Promise<void>;
}

/** How the ranges of activations are found that a program in int8 spreads its 256 levels over. */
export interface Calibration {
  /** Inputs like those to come, such as training batches. Iterated anew for every pass, the same each time; each is used before the next. */
  readonly batches: Iterable<Feeds>;
  /**
   * `min-max` (default) takes the smallest and largest value seen; `percentile` leaves out the rarest values at both ends,
   * which are clipped then; `entropy` clips where the rounded values tell most about the exact ones: least Kullback-Leibler
   * divergence between their histograms (Migacz, 8-bit inference with TensorRT, 2017).
   */
  readonly method?: 'min-max' | 'percentile' | 'entropy';
  /** Share of values kept by `percentile`, in per cent. Default 99.99. */
  readonly percentile?: number;
  /**
   * How the first convolution computes. Default float32, which costs next to nothing: its errors would reach every feature.
   */
  readonly firstConvolution?: 'float32' | 'int8';
  /**
   * How the classifier computes: the product with constant weights that is an output of the program. Default float32,
   * which costs next to nothing: its errors would reach every logit. In int8 its weights and its input are rounded; the
   * logits themselves are not.
   */
  readonly classifier?: 'float32' | 'int8';
  /** Where ranges are kept and looked for first. Default: they are measured every time. */
  readonly memory?: CalibrationMemory;
}

/** How a backend compiles a program. */
export interface CompileOptions<Options = unknown> {
  /** Default: the best device the backend has. */
  readonly device?: Device;
  /** Default float32. `int8` is for programs without state, and needs {@link CompileOptions.calibration}. */
  readonly precision?: Precision;
  /** Needed for `int8`; nothing else looks at it. */
  readonly calibration?: Calibration;
  /** Threads for one operation. Default: the machine's cores. */
  readonly threads?: number;
  /** First values of the program's state, which are copied; zeros otherwise. */
  readonly state?: StateDict;
  /** Collect the time of each operation; see {@link Executable.profile}. */
  readonly profile?: boolean;
  /** What a configuration says beside `backend.use`, as {@link ComputeBackend.options} completed it. Default: nothing was said. */
  readonly options?: Options;
}

/** Inputs of one step, by name. */
export type Feeds = Readonly<Record<string, TensorData>>;

/** Outputs of one step, by name, lent by the executable. */
export type Fetches = Lent<Readonly<Record<string, TensorData>>>;

/** Time spent in operations of one kind at one place of the program. */
export interface ProfileEntry {
  /** The runtime's name of the operation. */
  readonly operation: string;
  /** Scope path in the program; empty where the runtime does not know. */
  readonly scope: string;
  /** What it computed on, as the runtime writes it: sizes, memory formats. Absent where the runtime does not say. */
  readonly shape?: string;
  /** Which of the runtime's implementations it was. Absent where the runtime does not say. */
  readonly implementation?: string;
  /** Mean milliseconds a step. */
  readonly milliseconds: number;
  /** Mean number a step; 0 for the part of a step in which none of the operations that tell their time ran. */
  readonly count: number;
}

/** What of the steps taken so far a profile is of. */
export interface ProfileOptions {
  /** Steps from the first that do not count. Default 0. */
  readonly warmUp?: number;
}

/** A compiled program together with its state. */
export interface Executable {
  /** What the program takes, keeps and gives. The program itself, with its constants, can be let go. */
  readonly signature: ProgramSignature;
  /** Seconds spent lowering and loading. */
  readonly compileSeconds: number;
  /** Runs the program once and replaces its state. Rejects with a `LimbeckError` naming the input that does not fit. */
  step(inputs: Feeds): Promise<Fetches>;
  /** A copy of the state. */
  readState(): Promise<StateDict>;
  /** Replaces the whole state; refuses missing, unexpected and misshapen names, all listed. */
  writeState(state: StateDict): Promise<void>;
  /**
   * Where the time went; only for programs compiled with `profile`. A backend may take the last step again for it, aside:
   * the state stays as it is.
   *
   * @throws LimbeckError BACKEND_UNSUPPORTED where the runtime cannot tell here, saying why
   */
  profile?(options?: ProfileOptions): Promise<readonly ProfileEntry[]>;
  /** Frees what the runtime holds. Twice is harmless; every other call afterwards is rejected. */
  dispose(): Promise<void>;
}

/** An input or output of a model that came from a file. Named dimensions may take any size. */
export interface ModelPort {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** How a model from a file is loaded. */
export interface LoadOptions extends Pick<CompileOptions, 'device' | 'precision' | 'threads'> {
  /** What messages call it: a path, usually. Default: the name it has for itself. */
  readonly source?: string;
  /** Values it shall give, by name, those in between included. Default: the file's outputs. */
  readonly outputs?: readonly string[];
}

/** What a model from a file may take while it is tried. */
export interface ModelLimits {
  /** Memory of the process that tries it. */
  readonly memoryBytes: number;
  /** From the start of that process to its end. */
  readonly seconds: number;
}

/** How a model from a file is tried. */
export interface TrialOptions extends LoadOptions {
  readonly limits: ModelLimits;
  /** Inputs of one run. Default: it is loaded, and not run. */
  readonly feeds?: Feeds | undefined;
}

/** What a trial found out. */
export interface ModelTrial {
  /** As {@link LoadedModel.outputs}. */
  readonly outputs: readonly ModelPort[];
  /** Element type and shape of every output for the inputs that were given. */
  readonly given: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] }>>;
}

/** A model loaded from a file of a foreign format. */
export interface LoadedModel {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  run(inputs: Feeds): Promise<Fetches>;
  dispose(): Promise<void>;
}

/**
 * Runs programs. A backend lowers a whole program once into the format of an inference runtime and keeps its state
 * there. What it cannot lower it refuses at `compile`, naming the operation and its scope.
 */
export interface ComputeBackend<Options = unknown> {
  /** What `backend: { use }` takes, e.g. `onnx`. */
  readonly id: string;
  readonly description: string;
  /** Its options, beside `device`, `precision` and `threads`. Absent: it takes none. */
  readonly options?: OptionSchema<Options>;
  /**
   * What works here. A device is named after it took a small training step and got the numbers right ({@link trainingTrial}),
   * in every precision that is named.
   */
  capabilities(): Promise<Capabilities>;
  /**
   * The runtime with its version, for the record of a run. Tries no device. Default: what the capabilities say.
   *
   * @throws LimbeckError BACKEND_UNAVAILABLE where there is none
   */
  runtime?(): Promise<string>;
  /**
   * What `backend: 'auto'` asks. Quick, above all where the runtime is not installed: every run asks. A backend without
   * it is chosen only where no other works.
   */
  offer?(request: OfferRequest): Promise<Offer>;
  /**
   * Brings the runtime onto this machine; does nothing where it is there and works.
   *
   * @param say told what happens, a line at a time
   * @returns what is there now: the runtime with its version
   */
  install?(options: InstallOptions, say: (line: string) => void): Promise<string>;
  compile(program: Program, options?: CompileOptions<Options>): Promise<Executable>;
  /**
   * Loads a model file of one of the formats in `capabilities().loads`.
   *
   * @throws LimbeckError or another expected failure: BAD_FILE, UNKNOWN_TAP for a value it does not compute,
   * BACKEND_UNSUPPORTED for an operation nobody here knows
   */
  load?(bytes: Uint8Array, options?: LoadOptions): Promise<LoadedModel>;
  /**
   * Loads a model file in a process of its own, within limits, and runs it once where inputs are given: a model is a program, which may
   * take all memory or never end.
   *
   * @throws as {@link ComputeBackend.load}; LimbeckError MODEL_LIMITS where it exceeds a limit, or its process dies
   */
  tryModel?(bytes: Uint8Array, options: TrialOptions): Promise<ModelTrial>;
}

/** Declares a compute backend; for its types alone. */
export function defineBackend<Options = unknown>(backend: ComputeBackend<Options>): ComputeBackend<Options> {
  return backend;
}
