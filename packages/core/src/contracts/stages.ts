import type { ModelView } from './distiller.js';

/** The taps of a model's stages in order: `stage1`, `stage2` ...; none where its backbone declares none. */
export function stagesOf({ taps }: Pick<ModelView, 'taps'>): string[] {
  const number = (tap: string) => Number(tap.slice('stage'.length));
  return taps.filter((tap) => /^stage\d+$/.test(tap)).sort((a, b) => number(a) - number(b));
}

/** The tap of the last stage, or `last-map` where a backbone has no stages. */
export function lastStageOf(model: Pick<ModelView, 'taps'>): string {
  return stagesOf(model).at(-1) ?? 'last-map';
}
