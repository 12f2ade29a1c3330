import type { Device, Precision } from '../contracts/backend.js';
import { listOf } from './plain.js';
import type { ResolvedConfig } from './run-config.js';
import type { WeightsChoice } from './weights-schema.js';

type Teachers = Exclude<ResolvedConfig['teacher'], readonly unknown[] | undefined>;

/** A teacher, as a configuration describes it; the schema has made sure that it is one or the other. */
export type TeacherConfig = Teachers &
  ({ readonly use: string; readonly weights: WeightsChoice } | { readonly onnx: string });

/** A model from a file as teacher. */
export type FileTeacherConfig = Teachers & { readonly onnx: string };

/** True for a model from a file. */
export const isFileTeacher = (teacher: TeacherConfig): teacher is FileTeacherConfig =>
  teacher.onnx !== undefined;

/** The teachers of a configuration, in order. */
export const teachersOf = ({ teacher }: Pick<ResolvedConfig, 'teacher'>): readonly TeacherConfig[] =>
  listOf(teacher) as readonly TeacherConfig[];

/** The distillers of a configuration, in order. */
export const distillersOf = ({ distiller }: Pick<ResolvedConfig, 'distiller'>) => listOf(distiller);

/** Where a configuration wants a model computed. */
export interface WantedPlacement {
  /** Id of the backend, or `auto`. */
  readonly use: string;
  /** Absent: the best the backend has. */
  readonly device?: Device;
  readonly precision: Precision;
  /** Absent: the machine's cores. */
  readonly threads?: number;
  /** What the configuration says to the backend itself, not yet checked. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Where the student is computed, and where each teacher: on the student's backend and device, with its options, unless it says otherwise. */
export function placements(config: Pick<ResolvedConfig, 'backend' | 'teacher'>): {
  readonly student: WantedPlacement;
  readonly teachers: readonly WantedPlacement[];
} {
  const { use, device, precision, threads, ...options } = config.backend;
  const student: WantedPlacement = { use, device, precision, threads, ...given(options) };
  return { student, teachers: teachersOf(config).map((teacher) => placementOf(teacher, student)) };
}

const given = (options: Readonly<Record<string, unknown>>) =>
  Object.keys(options).length > 0 ? { options } : {};

function placementOf(teacher: TeacherConfig, backend: WantedPlacement): WantedPlacement {
  const use = teacher.backend ?? backend.use;
  const device = teacher.device ?? (use === backend.use ? backend.device : undefined);
  const threads = teacher.threads ?? backend.threads;
  const options = use === backend.use ? backend.options : undefined;
  return { use, precision: teacher.precision, device, threads, options };
}
