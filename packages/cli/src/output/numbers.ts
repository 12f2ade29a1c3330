/** `1,234,567`. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-GB');

/** `1 epoch`, `6 epochs`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** Three significant digits with a prefix: `12.3 M`. */
export function engineering(value: number): string {
  const steps = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  const step = steps.find(([size]) => Math.abs(value) >= size * 0.9995);
  return step === undefined
    ? String(Number(value.toPrecision(3)))
    : `${significant(value / step[0])} ${step[1]}`;
}

const significant = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value.toPrecision(3));

/** A share of one as `84.3 %`. */
export const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;

/** A loss or a rate in four significant digits, without an exponent where it can be helped. */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(2);
  return size >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}

/** `0:42`, `12:05`, `3:02:11`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-:--';
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** `0.8 s`, `42 s`, `12 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `2.4 MB`. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const [divisor, unit] = size < 1e6 ? [1e3, 'kB'] : size < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return `${significant(size / divisor)} ${unit}`;
}
