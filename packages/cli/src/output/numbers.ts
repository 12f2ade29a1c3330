import { figures } from '@limbeck/core/host';

export const { bytes, count, decimal, duration, percent, plural } = figures;

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
    : `${figures.significant(value / step[0])} ${step[1]}`;
}

/** `0:42`, `12:05`, `3:02:11`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-:--';
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
