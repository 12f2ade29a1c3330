import type { ExportedEpoch } from './run-result.js';

/**
 * Which epoch a run's files hold, in words: `epoch 5, the best, chosen on the test split; epoch 8, the last, is in
 * runs/x/student-last.safetensors`.
 */
export function describeExported({ epoch, as, split, other }: ExportedEpoch): string {
  const chosen = as === 'best' ? `, chosen on the ${split} split` : '';
  const beside = other === undefined ? '' : `; epoch ${other.epoch}, the ${other.as}, is in ${other.file}`;
  return `epoch ${epoch}, the ${as}${chosen}${beside}`;
}
