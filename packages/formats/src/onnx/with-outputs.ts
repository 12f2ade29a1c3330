import type { OnnxModel } from './model.js';

/**
 * A model whose graph gives further values of its own, such as features in between.
 *
 * @param names of values the graph computes and does not give yet
 */
export function withOutputs(model: OnnxModel, names: readonly string[]): OnnxModel {
  const { graph } = model;
  return { ...model, graph: { ...graph, outputs: [...graph.outputs, ...names.map((name) => ({ name }))] } };
}
