import { findParts, openData, studentSpec, type TeachingData } from '@limbeck/compose';
import type { ImageShape } from '@limbeck/core';
import type { Host, ResolvedConfig } from '@limbeck/core/host';
import { leafName } from '@limbeck/graph';
import {
  countMacs,
  type DeployedSummary,
  planMetrics,
  planStudent,
  type StudentPlan,
  type StudentSpec,
  summarize,
  summarizeDeployed,
} from '@limbeck/trainer';

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
  /** Terms whose weight has a course over the run, with the schedules that are multiplied to it. */
  readonly schedules: Readonly<Record<string, readonly string[]>>;
  /** Decides about the weights in every step. */
  readonly balance?: string;
  /** Phases before the main one, in order. */
  readonly initial: readonly {
    /** The distiller it belongs to. */
    readonly phase: string;
    readonly epochs: number;
    readonly trains: string;
    readonly losses: Readonly<Record<string, number>>;
    /** Multiply-accumulates of a step, without the teachers. */
    readonly macs: number;
  }[];
  /** What distillers have computed before training, from what a teacher gives for every training image. */
  readonly preparations: readonly {
    readonly name: string;
    /** The distiller that asks. */
    readonly distiller: string;
    /** Taps and layer paths of the teacher. */
    readonly features: readonly string[];
    /** Shapes by name. */
    readonly tensors: Readonly<Record<string, readonly number[]>>;
  }[];
  /** Further draws of each batch, with the augmentations each has besides the run's own. */
  readonly views: readonly { readonly name: string; readonly augment: readonly string[] }[];
  /** Samples drawn for each one of the batch. */
  readonly negatives: readonly { readonly count: number; readonly from: string }[];
  /** Features of the student that distillers look at, batch included. */
  readonly taps: readonly { readonly tap: string; readonly shape: readonly number[] }[];
  /** What leaves the teachers, batch included. */
  readonly features: readonly {
    /** Name of the teacher. */
    readonly teacher: string;
    readonly tap: string;
    readonly shape: readonly number[];
  }[];
  /** What is measured, with the features that are looked at besides logits, of one image. */
  readonly metrics: readonly {
    readonly name: string;
    readonly features: readonly { readonly feature: string; readonly shape: readonly number[] }[];
  }[];
  /** Parameters of the distillers. */
  readonly extras: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** What distillers and balancer remember from step to step. */
  readonly memories: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Multiply-accumulates of one step of the main phase. */
  readonly cost: {
    /** The student alone on the labels: forwards, backwards, update. */
    readonly bare: number;
    /** The student with everything distillers add. */
    readonly student: number;
    /** What the teachers compute for it, over all views; those from a file are not counted. */
    readonly teachers: number;
  };
  /** What is deployed. */
  readonly deployed: DeployedSummary;
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
  const parts = findParts(config, host);
  const known =
    typeof data === 'string'
      ? await openData(config, parts, data)
      : { imageShape: data.image, classes: data.classes, normalization: unknownNormalization(data.image) };
  const { imageShape: image, classes }: TeachingData = known;
  const { batchSize } = config.data;
  const spec = await studentSpec(config, host, { batchSize, dataset: known });
  const { student, teachers } = spec;
  const plan = planStudent(spec);
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
    schedules: Object.fromEntries(
      [...plan.schedules].map(([term, courses]) => [
        term,
        courses.map(({ contribution }) => contribution.id),
      ]),
    ),
    balance: spec.balance?.contribution.id,
    initial: plan.initial.map(({ place, epochs, trains, weights, program }) => ({
      phase: place,
      epochs,
      trains,
      losses: Object.fromEntries(weights),
      macs: countMacs(program),
    })),
    preparations: plan.preparations.map(({ place, preparation: { name, features, tensors } }) => ({
      name,
      distiller: place,
      features: [...new Set(Object.values(features).map(({ path }) => path))],
      tensors,
    })),
    views: [...plan.views].map(([name, { augment }]) => ({
      name,
      augment: augment.map(({ contribution }) => contribution.id),
    })),
    negatives: [...plan.negatives.values()],
    taps: [...plan.taps].map(([tap, tapped]) => ({ tap, shape: tapped })),
    features: plan.teachers.flatMap(({ name, model, features }) =>
      features.map(({ path }) => ({ teacher: name, tap: path, shape: model.feature(path).shape })),
    ),
    metrics: planMetrics(parts.metrics, spec, plan.teachers).map(({ name, features }) => ({
      name,
      features: Object.values(features).map(({ title, shape }) => ({ feature: title, shape })),
    })),
    extras: [...plan.variables.values()]
      .filter(({ owner, kind }) => owner === 'distiller' && kind === 'parameter')
      .map(({ stateName, tensor }) => ({ name: stateName, shape: tensor.shape })),
    memories: [...plan.variables.values()]
      .filter(({ owner, kind }) => kind === 'buffer' && (owner === 'distiller' || owner === 'balancer'))
      .map(({ stateName, tensor }) => ({ name: stateName, shape: tensor.shape })),
    cost: {
      bare: countMacs(bareStep(spec).program),
      student: countMacs(plan.program),
      teachers: plan.teachers.reduce((sum, teacher) => sum + macsOfTeacher(plan, teacher), 0),
    },
    deployed: summarizeDeployed(spec),
  };
}

/** The same student without teachers and distillers. */
const bareStep = ({ balance: _, task: __, ...spec }: StudentSpec): StudentPlan =>
  planStudent({ ...spec, teachers: [], distillers: [], taskWeight: 1 });

/** One pass over the batch and one over every view, each as far as the step of the main phase needs it. */
function macsOfTeacher(
  { program }: StudentPlan,
  { model, features }: StudentPlan['teachers'][number],
): number {
  const given = new Set(program.inputs.map(leafName));
  const needed = features.filter(({ input }) => given.has(input));
  return [...new Set(needed.map(({ image }) => image))].reduce((sum, image) => {
    const paths = needed.filter((feature) => feature.image === image).map(({ path }) => path);
    return sum + (model.program === undefined ? 0 : countMacs(model.program([...new Set(paths)])));
  }, 0);
}
