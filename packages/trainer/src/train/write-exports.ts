import { isLimbeckError } from '@limbeck/core';
import type { StateDict } from '@limbeck/graph';
import { writeExported } from '../files/exported.js';
import { exportedProgram } from '../programs/exported.js';
import type { RunListener } from '../run/events.js';
import { describeForm } from '../run/export-form.js';
import type { Int8Figures } from '../run/facts.js';
import type { ExporterChoice, RunSpec } from '../run/run-spec.js';
import type { RunFolder } from '../store/run-folder.js';
import { exportInt8 } from './export-int8.js';

/** What was exported, by kind. */
export interface Exports {
  readonly files: Readonly<Record<string, string>>;
  readonly int8: Readonly<Record<string, Int8Figures>>;
}

/**
 * Writes the student in every format asked for. One that int8 costs too much is left out with a warning: the run is as good
 * without it.
 *
 * @throws LimbeckError WRITE_FAILED, BACKEND_UNSUPPORTED
 */
export async function writeExports(
  spec: RunSpec,
  {
    state,
    metadata,
    folder,
    emit,
  }: {
    readonly state: StateDict;
    readonly metadata: Readonly<Record<string, string>>;
    readonly folder: RunFolder;
    readonly emit: RunListener;
  },
): Promise<Exports> {
  const files: Record<string, string> = {};
  const int8: Record<string, Int8Figures> = {};
  for (const choice of spec.exporters) {
    const {
      contribution: exporter,
      options,
      name = 'student',
      precision,
      maxDrop,
      calibrationImages,
      ...form
    } = choice;
    const path = folder.file(`${name}${exporter.extension}`);
    const kind = name === 'student' ? exporter.id : `${exporter.id} ${name}`;
    const { normalization } = spec.data.dataset;
    const program = (batch: number) => exportedProgram(spec, state, { ...form, batch, normalization });
    const said = { ...metadata, ...describeForm(form) };
    if (precision !== 'int8') {
      writeExported(path, exporter.write(program(1), { options, metadata: said }));
      files[kind] = path;
      continue;
    }
    const about = { form, program, metadata: said, maxDrop, calibration: { images: calibrationImages } };
    const made = await inInt8(spec, choice, about, emit);
    if (made === undefined) continue;
    writeExported(path, made.files);
    files[kind] = path;
    int8[kind] = made.figures;
  }
  return { files, int8 };
}

async function inInt8(
  { data, seed, loader, placement }: RunSpec,
  exporter: ExporterChoice,
  about: Pick<Parameters<typeof exportInt8>[0], 'form' | 'program' | 'metadata' | 'maxDrop' | 'calibration'>,
  emit: RunListener,
) {
  try {
    const order = { ...about, exporter, data, seed, loader: loader ?? placement };
    return await exportInt8({ ...order, say: () => undefined, stop: () => false });
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    const { code, message, hint } = error;
    const what = `'${exporter.contribution.id}' in int8 is not written: ${message}`;
    emit({ type: 'warning', code, message: what, ...(hint !== undefined && { hint }) });
    return undefined;
  }
}
