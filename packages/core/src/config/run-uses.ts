import type { ParameterGroup } from '@limbeck/nn';
import type { Device, Precision } from '../contracts/backend.js';
import type { UseObject } from '../contracts/contribution.js';
import { optionsPart, places } from './places.js';
import { listOf } from './plain.js';
import type { ResolvedConfig } from './run-config.js';

/** A contribution a run uses, ready for `host.use(kind, placed.use, placed)`. */
export interface PlacedUse {
  /** Its id and options, without the run's own keys that stand beside them. */
  readonly use: UseObject;
  /** Where it stands in the configuration. */
  readonly path: string;
  /** The run's own keys at that place. */
  readonly own: readonly string[];
}

/** A teacher by its name. */
export interface TeacherUse {
  readonly name: string;
  /** Absent where it is a model from a file. */
  readonly backbone?: PlacedUse;
}

/** The contributions a run uses, apart from what the run itself says about them. */
export interface RunUses {
  readonly dataset: PlacedUse;
  readonly augmentations: readonly PlacedUse[];
  /** In order; the first is the one distillers compare with where they name none. */
  readonly teachers: readonly TeacherUse[];
  readonly student: PlacedUse;
  /** With the name of the teacher each asks for and the course of its terms' weights. */
  readonly distillers: readonly (PlacedUse & { readonly teacher?: string; readonly schedule?: PlacedUse })[];
  readonly balance?: PlacedUse;
  /** The rate and the groups are the run's: they hold for every optimizer, so its schema never sees them. */
  readonly optimizer: PlacedUse & { readonly lr: number; readonly groups: readonly ParameterGroup[] };
  readonly schedule: PlacedUse;
  /** With what the values of each are called, and the name of the teacher it compares with. */
  readonly metrics: readonly (PlacedUse & { readonly name?: string; readonly teacher?: string })[];
}

/** @param index of a place in a list */
const placed = (path: keyof typeof places, use: UseObject, index = 0): PlacedUse => ({
  use: optionsPart(use, places[path]),
  path: path.replace('*', String(index)),
  own: places[path].own,
});

/** Takes a configuration apart into what each contribution is given. */
export function runUses(config: ResolvedConfig): RunUses {
  const { data, student, distiller, task, train } = config;
  const { lr, groups } = train.optimizer;
  return {
    dataset: placed('data', data),
    augmentations: data.augment.map((use, i) => placed('data.augment.*', use, i)),
    teachers: teachersOf(config).map((teacher, i) => {
      const { name } = teacher;
      if (isFileTeacher(teacher)) return { name };
      return { name, backbone: placed(Array.isArray(config.teacher) ? 'teacher.*' : 'teacher', teacher, i) };
    }),
    student: placed('student', student),
    distillers: distillersOf(distiller),
    balance: task.balance && placed('task.balance', task.balance),
    optimizer: { ...placed('train.optimizer', train.optimizer), lr, groups },
    schedule: placed('train.schedule', train.schedule),
    metrics: train.evaluate.metrics.map((use, i) => ({
      ...placed('train.evaluate.metrics.*', use, i),
      teacher: use.teacher,
      name: use.name,
    })),
  };
}

function distillersOf(distiller: ResolvedConfig['distiller']): RunUses['distillers'] {
  const place = Array.isArray(distiller) ? 'distiller.*' : 'distiller';
  return listOf(distiller).map(({ schedule, ...use }, i) => ({
    ...placed(place, use, i),
    teacher: use.teacher,
    schedule: schedule && placed(`${place}.schedule`, schedule, i),
  }));
}

type Teachers = Exclude<ResolvedConfig['teacher'], readonly unknown[] | undefined>;

/** A teacher, as a configuration describes it; the schema has made sure that it is one or the other. */
export type TeacherConfig = Teachers &
  ({ readonly use: string; readonly weights: string } | { readonly onnx: string });

/** A model from a file as teacher. */
export type FileTeacherConfig = Teachers & { readonly onnx: string };

/** True for a model from a file. */
export const isFileTeacher = (teacher: TeacherConfig): teacher is FileTeacherConfig =>
  teacher.onnx !== undefined;

/** The teachers of a configuration, in order. */
export const teachersOf = ({ teacher }: Pick<ResolvedConfig, 'teacher'>): readonly TeacherConfig[] =>
  listOf(teacher) as readonly TeacherConfig[];

/** Where a model is computed. */
export interface Placement {
  /** Id of the backend, or `auto`. */
  readonly use: string;
  /** Absent: the best the backend has. */
  readonly device?: Device;
  readonly precision: Precision;
  /** Absent: the machine's cores. */
  readonly threads?: number;
}

/** Where the student is computed, and where each teacher: on the student's backend and device unless it says otherwise. */
export function placements(config: Pick<ResolvedConfig, 'backend' | 'teacher'>): {
  readonly student: Placement;
  readonly teachers: readonly Placement[];
} {
  const { backend } = config;
  return { student: backend, teachers: teachersOf(config).map((teacher) => placementOf(teacher, backend)) };
}

function placementOf(teacher: TeacherConfig, backend: Placement): Placement {
  const use = teacher.backend ?? backend.use;
  const device = teacher.device ?? (use === backend.use ? backend.device : undefined);
  const threads = teacher.threads ?? backend.threads;
  return {
    use,
    precision: teacher.precision,
    device,
    threads,
  };
}
