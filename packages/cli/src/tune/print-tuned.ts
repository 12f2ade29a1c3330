import { metricValue } from '@limbeck/trainer/events';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, engineering } from '../output/numbers.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import type { Choice, TunedModel, TuneResult } from '../worker/tune-task.js';

/** What came of a search, for people: those on a front are marked. */
export function printTuned(io: Io, { metric, format, student, teachers, sizes }: TuneResult): void {
  const { dim } = colorsFor(io.env, io.stdout);
  const right = { align: 'right' } as const;
  const columns = [
    { head: '' },
    { head: `${metric}, last epoch`, ...right },
    { head: 'best epoch', ...right },
    { head: 'parameters', ...right },
    { head: 'multiply-accumulates', ...right },
    { head: 'latency', ...right },
    { head: 'Pareto front of' },
  ];
  const row = ({ label, last, best, parameters, macs, latencyMs }: TunedModel, front = '') => [
    label,
    metricValue(last, format),
    best === undefined ? '' : `${metricValue(best.value, format)} (${best.epoch})`,
    count(parameters),
    engineering(macs),
    `${latencyMs.toFixed(2)} ms`,
    front,
  ];
  const named = (model: TunedModel): TunedModel => ({ ...model, label: `${model.label} (${model.id})` });
  const rows = [
    ...teachers.map((teacher) => row(named({ ...teacher, label: titleOf(teacher.label) }))),
    row(named(student), frontsOf(student.front)),
    ...sizes.map((size) => row(size, frontsOf(size.front))),
  ];
  print(
    io,
    '',
    table(columns, rows),
    dim(
      'parameters, operations and latency are of what is deployed, for one image at a time; on a front: no other size, nor the student alone, is better for less',
    ),
  );
}

const titleOf = (name: string): string => (name === 'teacher' ? name : `teacher ${name}`);

const frontsOf = ({ parameters, latency }: Choice['front']): string =>
  [...(parameters ? ['parameters'] : []), ...(latency ? ['latency'] : [])].join(', ');
