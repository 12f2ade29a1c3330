import { teacherTitle } from '@limbeck/core/host';
import { formatShape, sizeOf } from '@limbeck/graph';
import { cacheLine } from '@limbeck/trainer/events';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, engineering, plural } from '../output/numbers.js';
import { print } from '../output/print.js';
import { table } from '../output/table.js';
import type { StepDescription } from './describe-step.js';
import type { FoundCaches } from './find-caches.js';

/** What a configuration composes, for people. */
export function printStep(io: Io, file: string, step: StepDescription, caches?: FoundCaches): void {
  const { bold, dim } = colorsFor(io.env, io.stdout);
  const { student, teachers, losses, features, extras, deployed, image, classes, batchSize } = step;
  print(io, dim(`# ${file}`), `images ${image.join('x')}, ${classes} classes, ${batchSize} a step`, '');
  const models = [
    { role: 'student', ...student },
    ...teachers.map(({ name, ...size }) => ({ role: teacherTitle(name), ...size })),
  ];
  const right = { align: 'right' } as const;
  const columns = [
    { head: 'model' },
    { head: '' },
    { head: 'parameters', ...right },
    { head: 'multiply-accumulates', ...right },
  ];
  print(
    io,
    table(
      columns,
      models.map(({ role, id, parameters, macs }) => [
        role,
        id,
        count(parameters),
        macs === undefined ? '' : count(macs),
      ]),
    ),
    '',
  );
  for (const { phase, epochs, trains, losses: first, macs } of step.initial) {
    const sum = Object.entries(first).map(([name, weight]) => `${weight} ${name}`);
    const what = { student: 'the student', extras: 'its own parameters', all: 'the student and its own' }[
      trains
    ];
    print(
      io,
      `${bold('first:')} ${plural(epochs, 'epoch')} for ${phase}, training ${what} by ${sum.join(' + ')}; ${engineering(macs)} multiply-accumulates a step`,
    );
  }
  for (const { name, distiller, features, tensors } of step.preparations) {
    const given = Object.entries(tensors).map(([tensor, shape]) => `${tensor} [${shape.join(', ')}]`);
    print(
      io,
      `${bold('before:')} ${name} for ${distiller}, of ${features.join(', ')} for every training image: ${given.join(', ')}`,
    );
  }
  const isChanging = Object.keys(step.schedules).length > 0;
  const terms = Object.entries(losses).map(([name, weight]) => [
    name,
    String(weight),
    ...(isChanging ? [(step.schedules[name] ?? []).join(', ')] : []),
  ]);
  const course = isChanging ? [{ head: 'times' }] : [];
  print(io, table([{ head: 'loss term' }, { head: 'weight', ...right }, ...course], terms));
  if (step.balance !== undefined) print(io, dim(`balanced by ${step.balance}`));
  for (const { name, augment } of step.views) {
    print(io, dim(`view ${name}: the batch once more${augment.map((id) => `, ${id}`).join('')}`));
  }
  for (const { count: drawn, from } of step.negatives) {
    print(
      io,
      dim(`${count(drawn)} negatives a sample, from ${from === 'all' ? 'all others' : 'other classes'}`),
    );
  }
  print(io, '');
  if (step.taps.length > 0) {
    const rows = step.taps.map(({ tap, shape }) => [tap, formatShape(shape)]);
    print(io, table([{ head: 'feature of the student' }, { head: 'shape' }], rows), '');
  }
  if (features.length > 0) {
    const several = teachers.length > 1;
    const rows = features.map(({ teacher, tap, shape }) => [
      several ? `${tap} of ${teacher}` : tap,
      formatShape(shape),
    ]);
    const head = several ? 'feature of a teacher' : 'feature of the teacher';
    print(io, table([{ head }, { head: 'shape' }], rows), '');
  }
  const followed = step.metrics.flatMap(({ name, features: seen }) =>
    seen.map(({ feature, shape }) => [name, feature, formatShape(shape)]),
  );
  if (followed.length > 0) {
    print(io, table([{ head: 'metric' }, { head: 'looks at' }, { head: 'of one image' }], followed), '');
  }
  if (caches !== undefined) {
    const lines =
      'problem' in caches
        ? [`cache of the teacher: nobody can tell: ${caches.problem}`]
        : caches.found.map((cache) => `cache of ${teacherTitle(cache.teacher)}: ${cacheLine(cache)}`);
    print(io, ...lines, '');
  }
  if (extras.length > 0) {
    const rows = extras.map(({ name, shape }) => [name, formatShape(shape)]);
    const total = extras.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    print(
      io,
      table([{ head: 'trained besides the student' }, { head: 'shape' }], rows),
      dim(`${count(total)} parameters`),
      '',
    );
  }
  if (step.memories.length > 0) {
    const rows = step.memories.map(({ name, shape }) => [name, formatShape(shape)]);
    print(io, table([{ head: 'remembered from step to step' }, { head: 'shape' }], rows), '');
  }
  const { bare, student: whole, teachers: taught } = step.cost;
  const more = `${(100 * (whole / bare - 1)).toFixed(1)} % more than the student alone`;
  print(
    io,
    `${bold('a step:')} ${engineering(whole)} multiply-accumulates for the student, ${more}; ${engineering(taught)} for teachers`,
  );
  const kept = Object.entries(deployed.owners).map(([owner, size]) => `${count(size)} of the ${owner}`);
  const parts =
    kept.length > 1 ? ` (${kept.join(', ')}; the student alone ${count(student.parameters)})` : '';
  print(
    io,
    `${bold('deployed:')} ${count(deployed.parameters)} parameters${parts}; ${engineering(deployed.macs)} multiply-accumulates an image`,
  );
}
