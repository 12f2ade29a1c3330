import {
  type FileTeacherConfig,
  type Host,
  isFileTeacher,
  placements,
  type ResolvedConfig,
  type TeacherConfig,
  teachersOf,
  type WantedPlacement,
} from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import {
  type ForeignModel,
  openForeignModel,
  type Placement,
  readModelFile,
  type TeacherChoice,
} from '@limbeck/trainer';
import { place, placeForeign } from './backend.js';
import type { RunParts } from './find-parts.js';

/** What must be known of the data to plan with a model from a file. */
export type TeachingData = Pick<RunDataset, 'imageShape' | 'classes' | 'normalization'>;

/** Where a teacher runs; a model from a file needs a backend that loads such files. */
export function placeTeacher(teacher: TeacherConfig, where: WantedPlacement, host: Host): Promise<Placement> {
  const isFree = isFileTeacher(teacher) && teacher.backend === undefined;
  return isFree ? placeForeign(where, host) : place(where, host, 'inference');
}

/** The teachers of a configuration, in order, as planning takes them: models from files are opened. */
export async function openTeachers(
  config: ResolvedConfig,
  { teachers }: RunParts,
  data: TeachingData,
  host: Host,
): Promise<TeacherChoice[]> {
  const wanted = placements(config).teachers;
  const opened: TeacherChoice[] = [];
  for (const [i, teacher] of teachersOf(config).entries()) {
    const { name } = teacher;
    if (isFileTeacher(teacher)) {
      const placement = await placeTeacher(teacher, wanted[i]!, host);
      opened.push({ name, foreign: await openFileTeacher(teacher, placement, data) });
    } else opened.push({ name, ...teachers[i]!.model! });
  }
  return opened;
}

/** @throws LimbeckError NOT_FOUND, BAD_FILE, and as `openForeignModel` does */
export function openFileTeacher(
  { onnx, taps = {}, logits, outputs, input, limits }: FileTeacherConfig,
  placement: Placement,
  data: TeachingData,
): Promise<ForeignModel> {
  return openForeignModel(readModelFile(onnx), {
    source: onnx,
    declaration: { taps, logits, outputs, input: input ?? { layout: 'NCHW', scale: 1 } },
    placement,
    limits,
    ...data,
  });
}
