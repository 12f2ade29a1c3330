import { type WeightsChoice, weightsOf } from '@limbeck/core/host';
import { readRunWeights, readWeightsFile, takenOf, type Weights } from '@limbeck/trainer';

/** Reads the weights that a model of a configuration names, and takes of them what it says. */
export function readChosen(model: Parameters<typeof weightsOf>[0]): Weights {
  const { file, run, epoch, ...how } = weightsOf(model) as WeightsChoice;
  if (run === undefined) return readWeightsFile(file!, how);
  return takenOf(readRunWeights(run, epoch ?? 'deployed', 'student'), how);
}

/** Reads another file of weights as a model of a configuration takes its own. */
export function readAs(file: string, model: Parameters<typeof weightsOf>[0]): Weights {
  const { file: _, run: __, epoch: ___, ...how } = weightsOf(model) ?? { file, rename: model.rename };
  return readWeightsFile(file, how);
}
