import { LimbeckError, type ModelView, type Optimizer } from '@limbeck/core';
import {
  add,
  ancestors,
  Graph,
  gradients,
  isInput,
  leafName,
  mean,
  mul,
  type Program,
  program,
  type StateDict,
  softmaxCrossEntropy,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import {
  groupParameters,
  initialState,
  type ParameterGroup,
  Scope,
  type Trace,
  type Variable,
} from '@limbeck/nn';
import {
  buildDistillers,
  type CombinedDistillation,
  type DistillerChoice,
  type Parts,
} from './distillation.js';
import { planTeachers, type TeacherChoice, viewOf } from './plan-teachers.js';
import type { Teacher, TeacherFeature } from './teacher.js';
import { type ModelChoice, type TracedModel, traceModel } from './traced-model.js';

/** Prefix of the student's names in programs and states. */
export const studentPrefix = 'student';

/** Name of the cross-entropy term. */
export const taskLoss = 'ce';

export interface StudentSpec {
  readonly student: ModelChoice;
  /** None where the student trains alone. */
  readonly teachers: readonly TeacherChoice[];
  readonly distillers: readonly DistillerChoice[];
  readonly parts: Parts;
  // biome-ignore lint/suspicious/noExplicitAny: every optimiser brings an option type of its own
  readonly optimizer: { readonly contribution: Optimizer<any>; readonly options: unknown };
  readonly groups?: readonly ParameterGroup[];
  /** Weight of the cross-entropy; default what the distillers say, else 1. */
  readonly taskWeight?: number;
  /** [N, C, H, W]. */
  readonly image: readonly [number, number, number, number];
  readonly classes: number;
}

/** A teacher, and what the step needs of it. */
export interface PlannedTeacher extends Pick<Teacher, 'name' | 'prefix' | 'model'> {
  /** Inputs of the student's program that it gives; it may have been asked for more than the step reads. */
  readonly features: readonly TeacherFeature[];
}

/** The student's training step, ready to be compiled, and what a run needs to know about it. */
export interface StudentPlan {
  /** For the same batch size. */
  readonly teachers: readonly PlannedTeacher[];
  /**
   * Inputs `image` [N, C, H, W], `labels` [N] int32, `lr` [], and one for each feature asked of a teacher: `teacher.<path>`
   * of a sole one, `<name>.<path>` of several.
   * Outputs `loss` [], `loss.<term>` [] unweighted, `logits` [N, classes] of the model that will be deployed.
   */
  readonly program: Program;
  /** Weight of each term, the cross-entropy first. */
  readonly weights: ReadonlyMap<string, number>;
  /** Everything traced, by state name: the student's, the distillers' and frozen ones of teachers. */
  readonly variables: ReadonlyMap<string, Variable & { readonly owner: 'student' | 'distiller' | 'teacher' }>;
  /** State names that the optimiser changes. */
  readonly trained: readonly string[];
  /**
   * First values of the program's state under a seed; frozen values come from the teacher's state.
   *
   * @param known values to start from instead, by state name
   */
  initialState(seed: number, known?: StateDict): StateDict;
}

/** Everything of one pass: model, distillers, terms. */
interface Pass {
  readonly model: TracedModel;
  readonly labels: Tensor;
  readonly combined: CombinedDistillation;
  readonly teachers: readonly Teacher[];
}

function trace(graph: Graph, spec: StudentSpec, mode: 'train' | 'eval', batch: number): Pass {
  const { classes } = spec;
  const [, ...imageShape] = spec.image;
  const image = graph.input('image', [batch, ...imageShape]);
  const labels = graph.input('labels', [batch], 'int32');
  const model = traceModel(graph, spec.student, { prefix: studentPrefix, mode, image, classes });
  const teachers = planTeachers(graph, spec.teachers, { image: image.shape, classes });
  const student = studentView(model, classes);
  const combined = buildDistillers(graph, spec.distillers, {
    mode,
    student,
    teacherOf: (distiller, wanted) => viewOf(teachers, distiller, wanted),
    labels,
    classes,
    parts: spec.parts,
  });
  return { model, labels, combined, teachers };
}

function studentView(model: TracedModel, classes: number): ModelView {
  const { backbone, options } = model.choice;
  return {
    id: backbone.id,
    role: 'student',
    logits: model.logits,
    embedding: model.embedding,
    taps: model.taps,
    tap: model.tap,
    classify(embedding) {
      const root = new Scope(model.trace);
      return root.scoped(() => backbone.classify(root, embedding, classes, options));
    },
  };
}

/** Traces student, distillers, gradients and optimiser into one program. */
export function planStudent(spec: StudentSpec): StudentPlan {
  const graph = new Graph();
  const { model, labels, combined, teachers } = trace(graph, spec, 'train', spec.image[0]);
  const logits = combined.predict ?? model.logits;
  const taskWeight = spec.taskWeight ?? combined.taskWeight ?? 1;
  const terms = new Map([
    [taskLoss, { weight: taskWeight, value: mean(softmaxCrossEntropy(logits, labels)) }],
    ...combined.losses,
  ]);
  const weighted = [...terms.values()].filter(({ weight }) => weight !== 0);
  if (weighted.length === 0) {
    throw new LimbeckError('PRECONDITION', 'every loss term has weight 0, so there is nothing to train', {
      hint: 'give task.weight or a distiller weight above 0',
    });
  }
  const total = weighted
    .map(({ weight, value }) => (weight === 1 ? value : mul(value, weight)))
    .reduce((sum, term) => add(sum, term));
  const reached = new Set(ancestors([total], { throughComposites: true }));
  const trainable = [model.trace, combined.trace]
    .flatMap((t) => [...t.variables.values()])
    .filter(({ kind, tensor }) => kind === 'parameter' && reached.has(tensor));
  const derivatives = gradients(
    total,
    trainable.map(({ tensor }) => tensor),
  );
  const lr = graph.input('lr', []);
  const { contribution, options } = spec.optimizer;
  const step = contribution.update(groupParameters(trainable, derivatives, spec.groups), lr, options);
  const outputs = new Map<string, Tensor>([['loss', total]]);
  for (const [name, { value }] of terms) outputs.set(`loss.${name}`, value);
  outputs.set('logits', logits);
  const updates = new Map([...model.trace.updates, ...combined.trace.updates, ...step.updates]);
  const built = program({ name: 'student', outputs, updates, inputs: [lr] });
  const variables = variablesOf(model.trace, combined.trace, teachers);
  const given = new Set(built.inputs.map(leafName));
  return {
    teachers: teachers.map(({ name, prefix, model: teaching, asked }) => ({
      name,
      prefix,
      model: teaching,
      features: asked.filter(({ input }) => given.has(input)),
    })),
    program: built,
    weights: new Map([...terms].map(([name, { weight }]) => [name, weight])),
    variables,
    trained: trainable.map(({ stateName }) => stateName),
    initialState: (seed, known = new Map()) => startOf(built, variables, seed, known),
  };
}

function variablesOf(student: Trace, distiller: Trace, teachers: readonly Teacher[]) {
  const owned = (t: Trace, owner: 'student' | 'distiller' | 'teacher') =>
    [...t.variables.values()].map((variable) => [variable.stateName, { ...variable, owner }] as const);
  return new Map([
    ...owned(student, 'student'),
    ...owned(distiller, 'distiller'),
    ...teachers.flatMap(({ frozen }) => owned(frozen, 'teacher')),
  ]);
}

function startOf(
  target: Program,
  variables: StudentPlan['variables'],
  seed: number,
  known: StateDict,
): StateDict {
  const drawn = initialState(
    [...variables.values()].filter(({ owner, stateName }) => owner !== 'teacher' && !known.has(stateName)),
    seed,
  );
  return new Map(
    target.state.map(({ name, current }) => {
      const value = known.get(name) ?? drawn.get(name);
      if (value === undefined && variables.get(name)?.owner === 'teacher') {
        throw new LimbeckError(
          'PRECONDITION',
          `the step keeps '${name}', so the teacher's weights must be given`,
        );
      }
      // what no model defines belongs to the optimiser, which starts from zero
      return [name, value ?? tensorData('float32', current.shape)];
    }),
  );
}

/**
 * The deployed model: image -> logits, in evaluation mode, with exactly what the prediction reaches.
 *
 * @param batch images a step; the training batch size is not needed here
 */
export function deployedProgram(spec: StudentSpec, batch: number): Program {
  const { model, combined } = trace(new Graph(), spec, 'eval', batch);
  const logits = combined.predict ?? model.logits;
  const deployed = program({ name: 'deployed', outputs: { logits } });
  const foreign = deployed.inputs.find((input) => isInput(input) && leafName(input) !== 'image');
  if (foreign !== undefined) {
    throw new LimbeckError(
      'PRECONDITION',
      `the deployed model must need images alone, but its prediction reads '${leafName(foreign)}'`,
      { hint: "a distiller's `predict` may use the student, projectors and the teacher's classifier only" },
    );
  }
  return deployed;
}
