import { type ResolvedConfig, type TeacherConfig, teachersOf } from '@limbeck/core/host';
import type { Placement, RunSpec } from '@limbeck/trainer';

/**
 * A configuration with what `auto` chose in place of `auto`: a run that is resumed, or done again from its folder, is
 * computed where it was.
 */
export function withChosen(config: ResolvedConfig, { placement, teachers }: RunSpec): ResolvedConfig {
  const { backend } = config;
  const student = isAuto(backend.use) ? { use: placement.backend.id, ...deviceOf(placement) } : {};
  const chosen = { ...config, backend: { ...backend, ...student } };
  return withTeachers(chosen, (teacher, i) => {
    if (!isAuto(teacher.backend ?? backend.use)) return teacher;
    const where = teachers[i]!.placement;
    return { ...teacher, backend: where.backend.id, ...deviceOf(where) };
  });
}

/** The same choice again, for a configuration that was read anew. */
export function withRecorded(config: ResolvedConfig, recorded: ResolvedConfig): ResolvedConfig {
  const { backend } = config;
  const before = teachersOf(recorded);
  const chosen = isAuto(backend.use) ? { ...config, backend: recorded.backend } : config;
  return withTeachers(chosen, (teacher, i) => {
    if (!isAuto(teacher.backend ?? backend.use) || before[i] === undefined) return teacher;
    const { backend: use, device } = before[i];
    return { ...teacher, ...(use === undefined ? {} : { backend: use }), ...deviceOf({ device }) };
  });
}

/** What `auto` chose, for people; nothing where it was not asked. */
export function describeChosen(config: ResolvedConfig, { placement, teachers }: RunSpec): string | undefined {
  const { backend } = config;
  const parts = [
    ...(isAuto(backend.use) ? [`student on ${shown(placement)}`] : []),
    ...teachersOf(config).flatMap((teacher, i) => {
      if (!isAuto(teacher.backend ?? backend.use)) return [];
      const { name, placement: where } = teachers[i]!;
      return [`${teachers.length === 1 ? 'teacher' : `teacher '${name}'`} on ${shown(where)}`];
    }),
  ];
  return parts.length === 0 ? undefined : `backend auto: ${parts.join(', ')}`;
}

const isAuto = (use: string): boolean => use === 'auto';

/** The device is part of a choice. */
const deviceOf = ({ device }: Pick<Placement, 'device'>) => (device === undefined ? {} : { device });

function withTeachers(
  config: ResolvedConfig,
  change: (teacher: TeacherConfig, index: number) => TeacherConfig,
): ResolvedConfig {
  if (config.teacher === undefined) return config;
  const changed = teachersOf(config).map(change);
  return { ...config, teacher: Array.isArray(config.teacher) ? changed : changed[0]! };
}

const shown = ({ backend, device, precision = 'float32' }: Placement): string =>
  `${backend.id}${device === undefined ? '' : ` (${device})`}${precision === 'float32' ? '' : ` in ${precision}`}`;
