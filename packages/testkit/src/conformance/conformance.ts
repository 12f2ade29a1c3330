import type { Capabilities, CompileOptions, ComputeBackend } from '@limbeck/core/backend';
import { composites, primitives } from '@limbeck/graph';
import type { Losses } from '../programs/envelope.js';
import type { SampledOperation } from '../samples/program.js';
import { type CaseDefinition, type CaseResult, runCase } from './case.js';
import { failureCases } from './failures.js';
import { lookAlikeCases } from './look-alikes.js';
import { operationCases } from './operations.js';
import { randomCases } from './random.js';
import { rangeCases } from './ranges.js';
import { stateCases } from './state.js';

/** Which cases of the conformance kit run, and how close results must be. */
export interface ConformanceOptions {
  /** Device, precision and threads to compile for. Default: the backend's own. */
  readonly compile?: Pick<CompileOptions, 'device' | 'precision' | 'threads'>;
  /** Largest deviation from the reference, relative to the root mean square of the expected values. Default 1e-4. */
  readonly tolerance?: number;
  /** Operations besides those of `@limbeck/graph`: composites of a plugin. */
  readonly operations?: readonly SampledOperation[];
  /** Cases to leave out, and why: a case's whole name or its first parts, e.g. `gradient/conv2d`. Each must match a case. */
  readonly skip?: Readonly<Record<string, string>>;
  /** The cases to run, by name. Default: all. */
  readonly only?: RegExp;
  /** Random programs to compare with the reference, in cases of ten. Default 100. */
  readonly randomPrograms?: number;
  /**
   * What random programs do not check because kernels may give numbers for it: NaN, as a ReLU that compares does, or anything
   * that is not finite, as WebGPU's shading language may. Default nothing.
   */
  readonly loses?: Losses;
  /** Fail, rather than skip, when the backend, its device or its precision is not available here. Default false. */
  readonly required?: boolean;
}

/** One case, ready to run. */
export interface ConformanceCase {
  readonly name: string;
  /** Never rejects. */
  run(): Promise<CaseResult>;
}

/** Why a backend cannot show here what it is asked to; undefined where it can. */
function faultOf(
  found: Capabilities,
  { device, precision }: NonNullable<ConformanceOptions['compile']>,
): string | undefined {
  if (!found.available) return found.reason;
  if (device !== undefined && !found.devices.includes(device))
    return found.unavailable?.[device] ?? `no device '${device}' here`;
  const on = device === undefined ? undefined : found.precisionsOn?.[device];
  if (precision !== undefined && !(on ?? found.precisions).includes(precision)) return `no ${precision} here`;
  return undefined;
}

const isUnder = (name: string, path: string): boolean => name === path || name.startsWith(`${path}/`);

/**
 * Everything a compute backend has to do, as cases that any test runner can run: each operation and composite forward and
 * backward against the reference interpreter, state, outputs, dispose, and what must be refused.
 *
 * @example
 * for (const { name, run } of backendConformance(backend)) console.log(name, (await run()).status);
 */
export function backendConformance(
  backend: ComputeBackend,
  {
    compile = {},
    tolerance = 1e-4,
    operations = [],
    skip = {},
    only,
    randomPrograms = 100,
    loses = 'nothing',
    required = false,
  }: ConformanceOptions = {},
): ConformanceCase[] {
  const all = [...Object.values(primitives), ...Object.values(composites), ...operations];
  const definitions: CaseDefinition[] = [
    ...operationCases(all),
    ...randomCases(backend, { programs: randomPrograms, operations: all, compile, loses }),
    ...lookAlikeCases,
    ...rangeCases,
    ...stateCases,
    ...failureCases,
  ];
  let capabilities: ReturnType<ComputeBackend['capabilities']> | undefined;
  const unavailable = async (): Promise<CaseResult | undefined> => {
    capabilities ??= backend.capabilities();
    const reason = faultOf(await capabilities, compile);
    if (reason === undefined) return undefined;
    return required
      ? { status: 'failed', message: `backend '${backend.id}' is required here: ${reason}` }
      : { status: 'skipped', reason };
  };
  const wanted = definitions.filter(({ name }) => only?.test(name) ?? true);
  const cases = wanted.map((definition): ConformanceCase => {
    const path = Object.keys(skip).find((candidate) => isUnder(definition.name, candidate));
    return {
      name: definition.name,
      run: async () => {
        if (path !== undefined) return { status: 'skipped', reason: skip[path]! };
        return (await unavailable()) ?? runCase(backend, definition, { tolerance, compile });
      },
    };
  });
  // a skip that matches nothing hides that its reason is gone
  const stale = Object.keys(skip)
    .filter((path) => !definitions.some(({ name }) => isUnder(name, path)))
    .map((path): ConformanceCase => {
      const message = `there is no case '${path}' to skip`;
      return { name: `skip/${path}`, run: () => Promise.resolve({ status: 'failed', message }) };
    });
  return [...cases, ...stale];
}
