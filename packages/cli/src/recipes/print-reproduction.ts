import { table } from '../output/table.js';
import type { Reproduction } from './result.js';
import type { Spread } from './verdict.js';

const shown = ({ mean, sd }: Spread): string =>
  `${mean.toFixed(2)}${sd === undefined ? '' : ` ± ${sd.toFixed(2)}`}`;

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(2)}`;

/** What is said of a row where nothing can be compared. */
function verdictText({ verdict, published, scale }: Reproduction): string {
  if (verdict !== undefined) {
    const word = verdict.reproduced ? 'reproduced' : 'not reproduced';
    return `${word} (within ${verdict.allowed.toFixed(2)})`;
  }
  if (scale !== 1) return `not compared: ${scale} of the training`;
  return published === undefined ? 'nothing published' : '';
}

/** One line for each reproduction: top-1 in percent, mean and standard deviation. */
export function reproductionTable(reproductions: readonly Reproduction[]): string {
  const right = { align: 'right' } as const;
  return table(
    [
      { head: 'recipe' },
      { head: 'n', ...right },
      { head: 'last', ...right },
      { head: 'best', ...right },
      { head: 'teacher', ...right },
      { head: 'published', ...right },
      { head: 'difference', ...right },
      { head: 'verdict' },
    ],
    reproductions.map((one) => {
      const { id, last, best, published, teacher, verdict } = one;
      const figure = published === undefined ? '' : published.top1.toFixed(2);
      const spread = published?.sd === undefined ? '' : ` ± ${published.sd.toFixed(2)}`;
      return [
        id,
        String(last.n),
        shown(last),
        shown(best),
        teacher === undefined ? '' : teacher.top1.toFixed(2),
        `${figure}${spread}`,
        verdict === undefined ? '' : signed(verdict.difference),
        verdictText(one),
      ];
    }),
  );
}

/** Where the published figures come from: one that somebody else lists says so. */
export const figureSources = (reproductions: readonly Reproduction[]): string[] =>
  reproductions.flatMap(({ id, published }) =>
    published === undefined
      ? []
      : [`${id}: ${published.confidence === 'S' ? 'listed by ' : ''}${published.source}`],
  );
