import { LimbeckError } from '@limbeck/core';
import type { Host, ResolvedConfig } from '@limbeck/core/host';
import { bindState, type Program, type StateDict } from '@limbeck/graph';
import {
  type DeployedSummary,
  deployedProgram,
  type ExportForm,
  exportedProgram,
  loadDeployed,
  type ModelChoice,
  type ModelsSpec,
  otherOptions,
  summarizeDeployed,
  type Weights,
} from '@limbeck/trainer';
import { studentSpec } from './student-spec.js';
import { type ModelFacts, readFacts } from './weights-facts.js';

/** A trained model as it is deployed: a student, with whatever else its distiller deploys. */
export interface DeployedModel {
  readonly facts: ModelFacts;
  /** image [batch, C, H, W] -> logits, its weights as state. */
  program(batch: number): Program;
  /** Weights by state name. */
  readonly state: StateDict;
  /** The same without state: weights are constants. */
  bound(batch: number): Program;
  /** The same as other programs run it, for images of this form. */
  exported(form: ExportForm, batch?: number): Program;
  /** What it is made of. */
  summary(): DeployedSummary;
}

/**
 * The deployed model of a configuration.
 *
 * @throws LimbeckError WEIGHTS_MISMATCH where the weights are another model's
 */
export async function deployedModel(
  config: ResolvedConfig,
  host: Host,
  weights: Weights,
  facts: ModelFacts,
): Promise<DeployedModel> {
  return deploy(await studentSpec(config, host, { batchSize: 1, dataset: facts }), weights, facts);
}

/** Whether a file of weights says that its model is not the student of a configuration. */
export function isAnother(weights: Weights, student: ModelChoice): boolean {
  const said = readFacts(weights)?.backbone;
  return said !== undefined && (said !== student.backbone.id || otherOptions(weights, student).length > 0);
}

/**
 * The model that a file of weights says it holds.
 *
 * @param data images and classes it is for; default what the file says
 * @throws LimbeckError PRECONDITION where it does not say, or where it holds more than a backbone
 */
export function modelOfWeights(
  host: Host,
  weights: Weights,
  data?: Pick<ModelFacts, 'imageShape' | 'classes' | 'normalization'>,
): DeployedModel {
  const facts = readFacts(weights);
  if (facts?.backbone === undefined) {
    throw new LimbeckError('PRECONDITION', `${weights.source} does not say which model its weights are for`, {
      hint: 'name the configuration it was trained with: --config FILE',
      details: { path: weights.source },
    });
  }
  const use = { ...facts.options, use: facts.backbone };
  const place = { path: `${weights.source}: limbeck.options` };
  const { contribution: backbone, options } = host.use('backbones', use, place);
  const spec: ModelsSpec = {
    student: { backbone, options },
    teachers: [],
    distillers: [],
    parts: host,
    data: { batchSize: 1, dataset: data ?? facts },
  };
  return deploy(spec, weights, { ...facts, ...data });
}

function deploy(spec: ModelsSpec, weights: Weights, facts: ModelFacts): DeployedModel {
  const program = (batch: number) => deployedProgram(spec, batch);
  const { id, namings } = spec.student.backbone;
  const target = { role: `student '${id}'`, classes: facts.classes, namings };
  const state = loadDeployed(program(1), weights, target);
  return {
    facts,
    program,
    state,
    bound: (batch) => bindState(program(batch), state),
    exported: (form, batch = 1) =>
      exportedProgram(spec, state, { ...form, batch, normalization: facts.normalization }),
    summary: () => summarizeDeployed(spec),
  };
}
