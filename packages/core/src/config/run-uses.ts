import type { ParameterGroup } from '@limbeck/nn';
import type { Device, Precision } from '../contracts/backend.js';
import type { UseObject } from '../contracts/contribution.js';
import { optionsPart, places } from './places.js';
import type { ResolvedConfig } from './run-config.js';
import type { BackboneTeacher } from './teacher-schema.js';

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

const placed = (path: keyof typeof places, use: UseObject, index?: number): PlacedUse => ({
  use: optionsPart(use, places[path]),
  path: index === undefined ? path : path.replace('*', String(index)),
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
      const backbone = isList(config.teacher) ? placed('teacher.*', teacher, i) : placed('teacher', teacher);
      return { name, backbone };
    }),
    student: placed('student', student),
    distillers: distillersOf(distiller),
    ...(task.balance === undefined ? {} : { balance: placed('task.balance', task.balance) }),
    optimizer: { ...placed('train.optimizer', train.optimizer), lr, groups },
    schedule: placed('train.schedule', train.schedule),
    metrics: train.evaluate.metrics.map((use, i) => ({
      ...placed('train.evaluate.metrics.*', use, i),
      ...named(use),
      ...(use.name === undefined ? {} : { name: use.name }),
    })),
  };
}

type DistillerConfig = Exclude<ResolvedConfig['distiller'], readonly unknown[] | undefined>;

/** The teacher a part of the run names, where it names one. */
const named = ({ teacher }: { readonly teacher?: string }) => (teacher === undefined ? {} : { teacher });

function distillersOf(distiller: ResolvedConfig['distiller']): RunUses['distillers'] {
  if (distiller === undefined) return [];
  const course = (schedule: DistillerConfig['schedule'], ...at: SchedulePlace) =>
    schedule === undefined ? {} : { schedule: placed(at[0], schedule, at[1]) };
  if (isList(distiller)) {
    return distiller.map((use, i) => ({
      ...placed('distiller.*', use, i),
      ...named(use),
      ...course(use.schedule, 'distiller.*.schedule', i),
    }));
  }
  return [
    {
      ...placed('distiller', distiller),
      ...named(distiller),
      ...course(distiller.schedule, 'distiller.schedule'),
    },
  ];
}

type SchedulePlace = [path: 'distiller.schedule'] | [path: 'distiller.*.schedule', index: number];

type Teachers = Exclude<ResolvedConfig['teacher'], readonly unknown[] | undefined>;

/** A teacher, as a configuration describes it; the schema has made sure that it is one or the other. */
export type TeacherConfig = Teachers & (Pick<BackboneTeacher, 'use' | 'weights'> | { readonly onnx: string });

/** A model from a file as teacher. */
export type FileTeacherConfig = Teachers & { readonly onnx: string };

/** True for a model from a file. */
export const isFileTeacher = (teacher: TeacherConfig): teacher is FileTeacherConfig =>
  teacher.onnx !== undefined;

/** The teachers of a configuration, in order. */
export function teachersOf({ teacher }: Pick<ResolvedConfig, 'teacher'>): readonly TeacherConfig[] {
  if (teacher === undefined) return [];
  return (isList(teacher) ? teacher : [teacher]) as readonly TeacherConfig[];
}

const isList = <T>(value: T | readonly T[] | undefined): value is readonly T[] => Array.isArray(value);

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
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
  };
}
