/** `1,234,567`. */
const count = (value: number): string => Math.round(value).toLocaleString('en-GB');

/** `1 epoch`, `6 epochs`. */
const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** A share of one as `84.3 %`. */
const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;

/** A loss or a rate in four significant digits, without an exponent where it can be helped. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(2);
  return size >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}

/** `0.8 s`, `42 s`, `12 min 5 s`. */
function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `2.4 MB`. */
function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const [divisor, unit] = size < 1e6 ? [1e3, 'kB'] : size < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return `${significant(size / divisor)} ${unit}`;
}

/** Three significant digits: `12.3`, `123`. */
const significant = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value.toPrecision(3));

/** Figures as people read them, in lines of events and of commands. */
export const figures = { bytes, count, decimal, duration, percent, plural, significant } as const;
