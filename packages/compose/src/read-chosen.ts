import { type WeightsChoice, weightsOf } from '@limbeck/core/host';
import { readWeightsFile, type Weights } from '@limbeck/trainer';

/** Reads the weights that a model of a configuration names, and takes of them what it says. */
export function readChosen(model: Parameters<typeof weightsOf>[0]): Weights {
  const { file, ...how } = weightsOf(model) as WeightsChoice;
  return readWeightsFile(file, how);
}

/** Reads another file of weights as a model of a configuration takes its own. */
export function readAs(file: string, model: Parameters<typeof weightsOf>[0]): Weights {
  const { file: _, ...how } = weightsOf(model) ?? { file, rename: model.rename };
  return readWeightsFile(file, how);
}
