import { confirm, isCancel, select, text } from '@clack/prompts';
import { LimbeckError } from '@limbeck/core';
import type { Choices } from './template.js';

/** Asks whose pictures are learnt. @returns the user's folder; undefined for published data */
export async function askFolder(): Promise<string | undefined> {
  const whose = answer(
    await select({
      message: 'What shall be learnt?',
      initialValue: 'own',
      options: [
        { value: 'own', label: 'A folder of pictures of my own', hint: 'with a folder for each class' },
        { value: 'published', label: 'Published data' },
      ],
    }),
  );
  if (whose === 'published') return undefined;
  return answer(
    await text({
      message: 'Which folder?',
      placeholder: 'photos',
      validate: (given) => (given ? undefined : 'name a folder'),
    }),
  );
}

/** Asks on the terminal for what a new configuration is about; the answers offered first are `defaults`. */
export async function askChoices(defaults: Choices, data: readonly string[]): Promise<Choices> {
  const format = answer(
    await select({
      message: 'What kind of file?',
      initialValue: defaults.format,
      options: [
        {
          value: 'ts' as const,
          label: 'TypeScript',
          hint: 'checked as you type; may hold plugins of your own',
        },
        { value: 'yaml' as const, label: 'YAML', hint: 'no code' },
      ],
    }),
  );
  const dataset = answer(
    await select({
      message: 'Which data?',
      initialValue: defaults.data,
      options: data.map((value) => ({ value, label: value })),
    }),
  );
  const student = answer(await text({ message: 'Which student?', initialValue: defaults.student }));
  const teacher = answer(
    await confirm({ message: 'Learn from the bundled teacher?', initialValue: defaults.teacher }),
  );
  return { format, data: dataset, student, teacher };
}

/** @throws LimbeckError INTERRUPTED where the question was cancelled */
function answer<T>(given: T): Exclude<T, symbol> {
  if (!isCancel(given)) return given as Exclude<T, symbol>;
  throw new LimbeckError('INTERRUPTED', 'nothing was written');
}
