import type { Host, ImageShape, ResolvedConfig } from '@limbeck/core';
import { sizeOf } from '@limbeck/graph';
import { countMacs, deployedProgram, planStudent, summarize } from '@limbeck/trainer';
import { openData } from '../compose/compose-run.js';
import { findParts } from '../compose/parts.js';
import { studentSpec } from '../compose/student-spec.js';
import type { TeachingData } from '../compose/teachers.js';

/** What images a model is traced for. */
interface DataShape {
  readonly image: ImageShape;
  readonly classes: number;
}

/** Of data of which only the shape is known. */
const unknownNormalization = ([channels]: ImageShape) => ({
  mean: Array<number>(channels).fill(0),
  std: Array<number>(channels).fill(1),
});

interface ModelSize {
  readonly id: string;
  readonly parameters: number;
  /** Absent for a model from a file. */
  readonly macs?: number;
}

/** What a configuration composes into one training step. */
export interface StepDescription {
  readonly image: readonly number[];
  readonly classes: number;
  readonly batchSize: number;
  readonly student: ModelSize;
  readonly teachers: readonly (ModelSize & { readonly name: string })[];
  /** Terms of the loss with their weights, the cross-entropy first. */
  readonly losses: Readonly<Record<string, number>>;
  /** What leaves the teachers, batch included. */
  readonly features: readonly {
    /** Name of the teacher. */
    readonly teacher: string;
    readonly tap: string;
    readonly shape: readonly number[];
  }[];
  /** Parameters of the distillers. */
  readonly extras: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** What is deployed. */
  readonly deployed: {
    readonly macs: number;
    /** Values kept, by whose they are. */
    readonly values: Readonly<Record<string, number>>;
  };
}

/**
 * Composes the step of a configuration without reading any weights.
 *
 * @param data shape of the data, or the folder of fetched data sets to open it from
 */
export async function describeStep(
  config: ResolvedConfig,
  host: Host,
  data: DataShape | string,
): Promise<StepDescription> {
  const known =
    typeof data === 'string'
      ? await openData(config, findParts(config, host), data)
      : { imageShape: data.image, classes: data.classes, normalization: unknownNormalization(data.image) };
  const { imageShape: image, classes }: TeachingData = known;
  const { batchSize } = config.data;
  const spec = await studentSpec(config, host, { batch: batchSize, data: known });
  const { student, teachers } = spec;
  const plan = planStudent(spec);
  const deployed = deployedProgram(spec, 1);
  const sizeOfModel = (choice: typeof student): ModelSize => {
    const { id, parameters, macs } = summarize(choice, { image, classes });
    return { id, parameters, macs };
  };
  return {
    image,
    classes,
    batchSize,
    student: sizeOfModel(student),
    teachers: teachers.map((teacher) => {
      const { name } = teacher;
      if (!('foreign' in teacher)) return { name, ...sizeOfModel(teacher) };
      const { id, parameters } = teacher.foreign;
      return { name, id, parameters };
    }),
    losses: Object.fromEntries(plan.weights),
    features: plan.teachers.flatMap(({ name, model, features }) =>
      features.map(({ path }) => ({ teacher: name, tap: path, shape: model.feature(path).shape })),
    ),
    extras: [...plan.variables.values()]
      .filter(({ owner, kind }) => owner === 'distiller' && kind === 'parameter')
      .map(({ stateName, tensor }) => ({ name: stateName, shape: tensor.shape })),
    deployed: {
      macs: countMacs(deployed),
      values: valuesByOwner(deployed.state.map(({ name, current }) => [name, current.shape])),
    },
  };
}

/** Numbers of values by the first part of their names: `student`, `distiller`, `teacher`. */
function valuesByOwner(
  state: readonly (readonly [name: string, shape: readonly number[]])[],
): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, shape] of state) {
    const owner = name.split('.')[0]!;
    values[owner] = (values[owner] ?? 0) + sizeOf(shape);
  }
  return values;
}
