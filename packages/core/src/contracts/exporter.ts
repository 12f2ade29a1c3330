import type { Program } from '@limbeck/graph';
import type { Calibration } from './backend.js';
import type { OptionSchema } from './contribution.js';

/** The content of one file, or of a folder: contents by name, with `/` between folders. */
export type ExportedFiles = Uint8Array | Readonly<Record<string, Uint8Array>>;

/** What an exporter is given besides the program. */
export interface ExportContext<Options = unknown> {
  /** Checked options; where they are absent, those that the schema completes from nothing hold. */
  readonly options?: Options;
  /** Facts about the model that the file keeps where its format has a place for them. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A program that is calibrated: which of its layers may compute in int8, and the files of any choice among them. */
export interface CalibratedExport {
  /** Layers that compute in int8, by their scope, in order. */
  readonly layers: readonly string[];
  /** @param float32 layers that stay in float32 all the same */
  write(float32?: ReadonlySet<string>): ExportedFiles;
}

/** Writes a stateless program (its weights bound as constants) as a file or a folder that other tools read. */
export interface Exporter<Options = undefined> {
  /** What `train.export` and `limbeck export --format` take, e.g. `onnx`. */
  readonly id: string;
  readonly description: string;
  /** Ending of the file's or folder's name, with the dot: `.onnx`. */
  readonly extension: string;
  /** Absent: it takes none. */
  readonly options?: OptionSchema<Options>;
  /** @throws LimbeckError BACKEND_UNSUPPORTED naming what the format cannot hold */
  write(program: Program, context: ExportContext<Options>): ExportedFiles;
  /**
   * Finds the ranges of activations over the batches of a calibration, for files in int8. Absent: the format has none.
   *
   * @throws LimbeckError BACKEND_UNSUPPORTED where nothing of it can be computed in int8
   */
  calibrate?(
    program: Program,
    context: ExportContext<Options> & { readonly calibration: Calibration },
  ): Promise<CalibratedExport>;
}

/**
 * Declares an exporter.
 *
 * @example
 * export const text = defineExporter({
 *   id: 'text',
 *   description: 'the program as text',
 *   extension: '.txt',
 *   write: (program) => new TextEncoder().encode(print(program)),
 * });
 */
export function defineExporter<Options = undefined>(exporter: Exporter<Options>): Exporter<Options> {
  return exporter;
}
