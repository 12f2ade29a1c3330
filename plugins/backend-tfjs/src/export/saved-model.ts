import type { Exporter } from '@limbeck/core/backend';
import { encodeSavedModel } from '@limbeck/formats';
import { exportModel, servingSignature } from './export-model.js';

/**
 * A program without state as a SavedModel: a folder that TensorFlow, TensorFlow Serving and tfjs-node load. Weights are
 * constants of the graph; metadata lies in `assets.extra`, which loaders leave alone.
 */
export const savedModelExporter: Exporter = {
  id: 'savedmodel',
  description: `TensorFlow SavedModel with the signature ${servingSignature}, for batches of any size`,
  extension: '.savedmodel',
  write: (program, { metadata = {} }) => ({
    'saved_model.pb': encodeSavedModel(exportModel(program)),
    'assets.extra/limbeck.json': new TextEncoder().encode(`${JSON.stringify(metadata, null, 2)}\n`),
  }),
};
