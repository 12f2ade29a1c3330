/** Mean value of every loss term, unweighted, by name; `total` is the weighted sum. */
export type LossValues = Readonly<Record<string, number>>;

/** Values of metrics by id. */
export type MetricValues = Readonly<Record<string, number>>;

/** A teacher of a run. */
export interface TeacherFacts {
  readonly name: string;
  /** Of the backbone, or the name of the file. */
  readonly id: string;
  readonly parameters: number;
  readonly backend: string;
}

/** How true a model in int8 is to itself in float32, on images it was not calibrated with. */
export interface Fidelity {
  /** Images compared. */
  readonly samples: number;
  /** Share of images with the same most likely class. */
  readonly agreement: number;
  /** Of every output the student's step uses, flattened an image: mean and smallest cosine between the two. */
  readonly cosine: Readonly<Record<string, { readonly mean: number; readonly worst: number }>>;
  /** Mean Kullback-Leibler divergence from the float prediction, in nats, at temperature 1. */
  readonly kl1: number;
  /** The same of predictions softened by temperature 4. */
  readonly kl4: number;
}

/** What there is to know of a cache before it is used. */
export interface CacheFacts {
  readonly folder: string;
  /** Augmentation draws of a sample. */
  readonly views: number;
  readonly samples: number;
  /** How each feature is kept: `float32`, `int8`, `float16, top 8 of 100`. */
  readonly features: Readonly<Record<string, string>>;
  /** Of the whole cache. */
  readonly bytes: number;
  /** Of what is still to be computed and written; 0 where the cache is complete. */
  readonly missingBytes: number;
}

/** What answering one image takes. */
export interface InferenceCost {
  readonly parameters: number;
  /** Median time for one image alone, where the run was computed. */
  readonly latencyMs: number;
}

/** A deployed model that is more than its student, beside the student with its own classifier. */
export interface DeployedCost extends InferenceCost {
  /** Parameters by whose they are: `student`, `distiller`, `teacher`. */
  readonly owners: Readonly<Record<string, number>>;
  readonly plain: InferenceCost;
}

/** A model in int8 beside itself in float32. */
export interface Int8Figures {
  /** Images of the evaluated split. */
  readonly samples: number;
  /** Share of right predictions; absent where the split has no class indices. */
  readonly top1?: { readonly float32: number; readonly int8: number };
  /** Share of equal predictions. */
  readonly agreement: number;
  readonly bytes: { readonly float32: number; readonly int8: number };
  /** Median time for one image alone, where it was exported. */
  readonly latencyMs: { readonly float32: number; readonly int8: number };
  /** Layers that compute in int8. */
  readonly layers: number;
  /** Layers that stay in float32 because int8 cost too much there, the most harmful first. */
  readonly float32: readonly string[];
}
