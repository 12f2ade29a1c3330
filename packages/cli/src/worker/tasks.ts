import type { RunEstimate, StepMeasurement } from '@limbeck/trainer';
import type { BenchRequest } from './bench-task.js';
import type { CompareRequest, CompareResult } from './compare-task.js';
import type { DataFacts, DataRequest } from './data-task.js';
import type { EvaluateRequest, EvaluateResult } from './evaluate-task.js';
import type { Int8Request, Int8Result } from './int8-task.js';
import type { WorkContext } from './messages.js';
import type { PlanRequest } from './plan-task.js';
import type { PredictRequest, PredictResult } from './predict-task.js';
import type { TrainRequest, TrainResult } from './train-task.js';
import type { TuneRequest, TuneResult } from './tune-task.js';

/** What can be done in a thread of its own. */
export interface Tasks {
  readonly train: { readonly request: TrainRequest; readonly result: TrainResult };
  readonly evaluate: { readonly request: EvaluateRequest; readonly result: EvaluateResult };
  readonly plan: { readonly request: PlanRequest; readonly result: RunEstimate };
  readonly data: { readonly request: DataRequest; readonly result: DataFacts };
  readonly predict: { readonly request: PredictRequest; readonly result: PredictResult };
  readonly tune: { readonly request: TuneRequest; readonly result: TuneResult };
  readonly bench: { readonly request: BenchRequest; readonly result: StepMeasurement };
  readonly int8: { readonly request: Int8Request; readonly result: Int8Result };
  readonly compare: { readonly request: CompareRequest; readonly result: CompareResult };
}

type Performers = {
  readonly [K in keyof Tasks]: () => Promise<
    (request: Tasks[K]['request'], context: WorkContext) => Promise<Tasks[K]['result']>
  >;
};

const performers: Performers = {
  train: () => import('./train-task.js').then(({ trainTask }) => trainTask),
  evaluate: () => import('./evaluate-task.js').then(({ evaluateTask }) => evaluateTask),
  plan: () => import('./plan-task.js').then(({ planTask }) => planTask),
  data: () => import('./data-task.js').then(({ dataTask }) => dataTask),
  predict: () => import('./predict-task.js').then(({ predictTask }) => predictTask),
  tune: () => import('./tune-task.js').then(({ tuneTask }) => tuneTask),
  bench: () => import('./bench-task.js').then(({ benchTask }) => benchTask),
  int8: () => import('./int8-task.js').then(({ int8Task }) => int8Task),
  compare: () => import('./compare-task.js').then(({ compareTask }) => compareTask),
};

/** Does a task in the thread this is called in. */
export async function perform<K extends keyof Tasks>(
  task: K,
  request: Tasks[K]['request'],
  context: WorkContext,
): Promise<Tasks[K]['result']> {
  const performer = await performers[task]();
  return performer(request, context);
}
