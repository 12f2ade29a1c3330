import { type ModelView, stagesOf } from '@limbeck/core';

/** The taps of a model's stages before their last activation, or after it where a backbone declares no others. */
export function preactsOf(view: ModelView): string[] {
  return stagesOf(view).map((stage) => (view.taps.includes(`${stage}.preact`) ? `${stage}.preact` : stage));
}
