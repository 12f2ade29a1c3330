import path from 'node:path';
import {
  type BackboneTeacher,
  backboneTeachers,
  boundTeacher,
  deployedModel,
  placeForeign,
  type Surroundings,
} from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { placements } from '@limbeck/core/host';
import {
  type Agreement,
  agreementOf,
  type Evaluation,
  evaluate,
  executableClassifier,
  latencyOf,
  type Placement,
  readWeightsFile,
  runFiles,
  summarize,
} from '@limbeck/trainer';
import { openHost } from '../config/open-config.js';
import { openRecorded } from '../config/reopen-config.js';
import { openForeign } from './evaluate-task.js';
import type { WorkContext } from './messages.js';
import { openWorkbench, type Workbench } from './workbench.js';

export interface CompareRequest extends Surroundings {
  /** Folders of finished runs by what to call them; teachers are those of the last. */
  readonly runs: readonly (readonly [label: string, folder: string])[];
}

/** A model as a row of a comparison. */
export interface ComparedModel {
  readonly label: string;
  readonly id: string;
  /** Share of right predictions on the test split. */
  readonly top1: number;
  /** Of all that is deployed. */
  readonly parameters: number;
  /** For one image. */
  readonly macs: number;
  /** Median time for one image alone. */
  readonly latencyMs: number;
  /** The exported file against the trained model, on every test image. */
  readonly exported?: Agreement & { readonly file: string };
}

export interface CompareResult {
  readonly samples: number;
  readonly models: readonly ComparedModel[];
}

/** Sets finished runs beside their teachers, and checks that what they exported predicts what they trained. */
export async function compareTask(
  { cwd, env, runs }: CompareRequest,
  context: WorkContext,
): Promise<CompareResult> {
  const students: ComparedModel[] = [];
  let teachers: ComparedModel[] = [];
  let samples = 0;
  for (const [label, folder] of runs) {
    const opened = await openRecorded({ config: path.join(folder, runFiles.config) }, cwd);
    const host = await openHost(opened);
    try {
      const { config } = opened;
      const bench: ComparisonBench = {
        ...(await openWorkbench(config, host, { cwd, env })),
        loading: await placeForeign(placements(config).student, host),
        context,
      };
      samples = bench.dataset.test.length;
      context.say({ type: 'note', text: `comparing ${label}` });
      students.push(await examineStudent(label, folder, bench));
      const examined: ComparedModel[] = [];
      for (const teacher of backboneTeachers(config, bench.parts)) {
        examined.push(await examineTeacher(teacher, bench));
      }
      if (examined.length > 0) teachers = examined;
    } finally {
      await host.dispose();
    }
  }
  return { samples, models: [...teachers, ...students] };
}

/** What a model is examined with. */
interface ComparisonBench extends Workbench {
  /** Where model files run. */
  readonly loading: Placement;
  readonly context: WorkContext;
}

async function examineStudent(label: string, folder: string, bench: ComparisonBench): Promise<ComparedModel> {
  const { config, host, parts, dataset, placement, loading } = bench;
  const { backend, ...how } = placement;
  const weights = readWeightsFile(path.join(folder, runFiles.student));
  const model = await deployedModel(config, host, weights, dataset);
  const executable = await backend.compile(model.program(config.data.evalBatchSize), {
    ...how,
    state: model.state,
  });
  const trained = await look(bench, executableClassifier(executable)).finally(() => executable.dispose());
  const file = path.join(folder, 'student.onnx');
  const foreign = await openForeign(file, loading);
  const exported = await look(bench, foreign.classifier).finally(() => foreign.dispose());
  const agreement = agreementOf(trained, exported);
  verify(agreement, file);
  const { parameters, macs } = model.summary();
  const { medianMs } = await latencyOf(model.bound(1), placement);
  return {
    label,
    id: parts.student.backbone.id,
    top1: accuracyOf(trained),
    parameters,
    macs,
    latencyMs: medianMs,
    exported: { ...agreement, file },
  };
}

/** @throws LimbeckError PRECONDITION where the data has no class indices to tell right from wrong */
function accuracyOf({ accuracy }: Evaluation): number {
  if (accuracy !== undefined) return accuracy;
  throw new LimbeckError(
    'PRECONDITION',
    'models are compared by top-1 accuracy, for which the test split needs class indices',
  );
}

/** @throws LimbeckError VERIFY_FAILED where a file does not predict what the model it was made from does */
function verify({ predictions, logits }: Agreement, file: string): void {
  if (predictions === 1) return;
  const differing = ((1 - predictions) * 100).toFixed(2);
  throw new LimbeckError(
    'VERIFY_FAILED',
    `${file} does not predict what the trained student does: ${differing} % of the predictions differ, logits by up to ${logits}`,
    {
      hint: 'this is a defect of Limbeck or of the runtime: please report it',
      details: { file, predictions, logits },
    },
  );
}

const look = (
  { config, dataset, context }: ComparisonBench,
  classifier: ReturnType<typeof executableClassifier>,
): Promise<Evaluation> =>
  evaluate({
    classifier,
    dataset,
    metrics: [],
    batchSize: config.data.evalBatchSize,
    keepLogits: true,
    stop: context.stopped,
  });

async function examineTeacher(teacher: BackboneTeacher, bench: ComparisonBench): Promise<ComparedModel> {
  const { config, dataset, placement } = bench;
  const { backend, ...how } = placement;
  const { classes, imageShape: image } = dataset;
  const bound = boundTeacher(teacher, dataset);
  const executable = await backend.compile(bound(config.data.evalBatchSize), how);
  const measured = await look(bench, executableClassifier(executable)).finally(() => executable.dispose());
  const accuracy = accuracyOf(measured);
  const { medianMs } = await latencyOf(bound(1), placement);
  const { id, parameters, macs } = summarize(teacher.model, { image, classes });
  return { label: teacher.name, id, top1: accuracy, parameters, macs, latencyMs: medianMs };
}
