import {
  add,
  bindState,
  isInput,
  leafName,
  mul,
  type Program,
  program,
  type StateDict,
  transplant,
  transpose,
} from '@limbeck/graph';
import type { ExportForm } from '../run/export-form.js';
import type { ModelsSpec } from '../run/run-spec.js';
import { traceDeployed } from './deployed.js';
import { studentFeature } from './evaluated.js';
import { stateFor } from './state.js';

/** Of pixels scaled to [0, 1], per channel. */
interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * The deployed model as other programs run it: no state, and with `normalize` and `layout` images as they come.
 *
 * @param state all that is deployed, by state name
 * @param options.batch images it is traced for; exporters make it any number
 */
export function exportedProgram(
  spec: ModelsSpec,
  state: StateDict,
  {
    batch = 1,
    normalization,
    normalize = false,
    layout = 'NCHW',
    embedding = false,
  }: ExportForm & { readonly batch?: number; readonly normalization: Normalization },
): Program {
  const traced = traceDeployed(spec, batch);
  const target = embedding
    ? program({ name: 'encoder', outputs: { embedding: studentFeature(traced, 'embedding') } })
    : traced.program;
  const bound = bindState(target, stateFor(target, state));
  if (!normalize && layout === 'NCHW') return bound;
  const { outputs, name } = transplant(bound, (node, _, graph) => {
    if (!isInput(node) || leafName(node) !== 'image') return undefined;
    const [n, c, h, w] = node.shape as [number, number, number, number];
    const given = graph.input('image', layout === 'NHWC' ? [n, h, w, c] : node.shape);
    const image = layout === 'NHWC' ? transpose(given, [0, 3, 1, 2]) : given;
    if (!normalize) return image;
    const each = (value: (channel: number) => number) =>
      graph.constant({
        dtype: 'float32',
        shape: [1, c, 1, 1],
        data: Float32Array.from({ length: c }, (_, channel) => value(channel)),
      });
    const { mean, std } = normalization;
    const scaled = mul(
      image,
      each((channel) => 1 / (255 * std[channel]!)),
    );
    return add(
      scaled,
      each((channel) => -mean[channel]! / std[channel]!),
    );
  });
  return program({ name, outputs: Object.fromEntries(outputs) });
}
