export type Point = readonly [x: number, y: number];

/** Greys of everything that has no colour of its own. */
export const shades = { ink: '#1f2328', faint: '#656d76', grid: '#e4e7eb' } as const;

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly size?: number;
  readonly weight?: number;
}

/** @param more attributes beside the ends and the colour */
export const line = ([x1, y1]: Point, [x2, y2]: Point, stroke: string, more = 'stroke-width="1"'): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" ${more}/>`;

/** @param content any text; none of it is markup */
export function text(
  [x, y]: Point,
  content: string,
  { anchor = 'start', fill = shades.ink, size = 13, weight = 400 }: TextStyle = {},
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}" fill="${fill}">${escaped(content)}</text>`;
}

/** Places to a tenth of a unit. */
export const round = (value: number): number => Math.round(value * 10) / 10;

export const escaped = (content: string): string =>
  content.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
