import { didYouMean, LimbeckError } from '@limbeck/core';
import { formatShape, type Program, program, type Tensor } from '@limbeck/graph';
import type { StudentSpec } from '../run/run-spec.js';
import { foreignInput, type TracedDeployment, traceDeployed } from './deployed.js';

/** Output of the evaluated model that gives a feature of the student. */
export const featureOutput = (path: string): string => (path === 'logits' ? path : `feature.${path}`);

/**
 * The deployed model as it is evaluated: image -> logits, and features by {@link featureOutput}. Without features it is
 * the deployed model itself.
 *
 * @param paths of the features
 * @throws LimbeckError UNKNOWN_TAP, PRECONDITION
 */
export function evaluatedProgram(spec: StudentSpec, batch: number, paths: Iterable<string>): Program {
  const traced = traceDeployed(spec, batch);
  const outputs = new Map(traced.program.outputs);
  for (const path of paths) outputs.set(featureOutput(path), studentFeature(traced, path));
  const { name } = traced.program;
  return outputs.size === traced.program.outputs.size ? traced.program : program({ name, outputs });
}

/**
 * A feature of the student as it is deployed: a tap or layer of its own, or one of its distillers below their place.
 * `logits` are those of the deployed model.
 *
 * @throws LimbeckError UNKNOWN_TAP with suggestions; PRECONDITION where it needs more than images
 */
export function studentFeature({ program: deployed, step }: TracedDeployment, path: string): Tensor {
  const { model, combined } = step;
  const { id } = model.choice.backbone;
  const feature =
    path === 'logits' ? deployed.outputs.get(path) : (model.trace.find(path) ?? combined.trace.find(path));
  if (feature === undefined) {
    const { taps, layers } = combined.trace;
    const known = [...model.taps, ...taps.keys(), ...layers.keys()];
    throw new LimbeckError('UNKNOWN_TAP', `student '${id}' and its distillers have no tap '${path}'`, {
      hint: didYouMean(path, known) ?? `there are: ${known.join(', ')}`,
      details: { model: id, tap: path, taps: known },
    });
  }
  const foreign = foreignInput(feature);
  if (foreign !== undefined) {
    throw new LimbeckError(
      'PRECONDITION',
      `'${path}' of student '${id}' reads '${foreign}', and evaluation gives it images alone`,
      { hint: "choose a feature of the student's side" },
    );
  }
  const batch = model.logits.shape[0]!;
  if (feature.dtype === 'float32' && feature.shape[0] === batch) return feature;
  throw new LimbeckError(
    'PRECONDITION',
    `'${path}' of student '${id}' is ${feature.dtype} ${formatShape(feature.shape)} for ${batch} images; metrics look at float32 with a row for each`,
  );
}
