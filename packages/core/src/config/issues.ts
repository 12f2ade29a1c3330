import type * as z from 'zod';
import { LimbeckError } from '../errors.js';
import { didYouMean, suggest } from '../suggest.js';
import type { Documentation } from './documentation.js';
import { describeValue } from './plain.js';

type Issue = z.core.$ZodIssue;

/** Something that is wrong with a configuration. */
export interface ConfigProblem {
  readonly path: string;
  /** What was found and what is allowed. */
  readonly problem: string;
  /** The layer that says it; absent where nothing does. */
  readonly source?: string;
}

/** What messages need to know about the configuration that was refused. */
export interface Refused {
  readonly value: unknown;
  readonly sourceOf: (path: string) => string | undefined;
  readonly documentation: Documentation;
}

/** Problems that are told; whoever has more mends these first. */
const mostProblems = 50;

/** One error for everything the schema refused, a line each. */
export function configError(issues: readonly Issue[], refused: Refused): LimbeckError {
  const problems = issues.slice(0, mostProblems).flatMap((issue) => problemsOf(issue, [], refused));
  const lines = problems.map(
    ({ path, problem, source }) =>
      `${path === '' ? '' : `${path}: `}${problem}${source ? ` [${source}]` : ''}`,
  );
  const message =
    lines.length === 1 && issues.length === 1
      ? `the configuration is not valid: ${lines[0]}`
      : `the configuration has ${lines.length} problems:\n  ${lines.join('\n  ')}`;
  return new LimbeckError('CONFIG_INVALID', message, {
    hint: '`limbeck config explain` lists every key with its meaning',
    details: { problems },
  });
}

function problemsOf(issue: Issue, parent: readonly string[], refused: Refused): ConfigProblem[] {
  const path = [...parent, ...issue.path.map(String)];
  const at = path.join('.');
  const value = valueAt(refused.value, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, mostProblems).map((key) => unknownKey(key, path, refused));
  }
  if (issue.code === 'invalid_union') return unionProblems(issue.errors, path, value, refused);
  const allowed = expectation(issue.message);
  if (value === undefined) return [{ path: at, problem: `is missing; ${allowed}` }];
  const near =
    issue.code === 'invalid_value' ? didYouMean(String(value), issue.values.map(String)) : undefined;
  return [
    {
      path: at,
      problem: `found ${describeValue(value)}, ${allowed}${near ? ` - ${near}` : ''}`,
      ...sourced(at, refused),
    },
  ];
}

/** Speaks of the branch that fits the value's type, where there is one; otherwise of all. */
function unionProblems(
  branches: readonly (readonly Issue[])[],
  path: readonly string[],
  value: unknown,
  refused: Refused,
): ConfigProblem[] {
  const fitting = branches.filter((issues) => !ofAnotherType(issues));
  if (fitting.length === 1) return fitting[0]!.flatMap((issue) => problemsOf(issue, path, refused));
  const at = path.join('.');
  const allowed = [
    ...new Set(
      branches
        .flat()
        .filter(({ path: inner }) => inner.length === 0)
        .map(branchExpectation),
    ),
  ];
  const problem = `expected ${allowed.flat().join(' or ')}`;
  return [
    value === undefined
      ? { path: at, problem: `is missing; ${problem}` }
      : { path: at, problem: `found ${describeValue(value)}, ${problem}`, ...sourced(at, refused) },
  ];
}

/** True where a branch of a union does not even fit the value's type. */
function ofAnotherType(issues: readonly Issue[]): boolean {
  return issues.some(({ path, ...issue }) => {
    if (path.length > 0) return false;
    if (issue.code === 'invalid_union') return issue.errors.length > 0 && issue.errors.every(ofAnotherType);
    return issue.code === 'invalid_type' || issue.code === 'custom';
  });
}

const branchExpectation = (issue: Issue): string =>
  issue.code === 'invalid_union'
    ? [...new Set(issue.errors.flat().map(branchExpectation))].join(' or ')
    : expectation(issue.message).replace(/^expected /, '');

function unknownKey(key: string, path: readonly string[], refused: Refused): ConfigProblem {
  const at = [...path, key].join('.');
  const siblings = refused.documentation.keysAt(path).filter((known) => known !== '*');
  // a key at the wrong place, as `train.lr`: say where it belongs
  const elsewhere = refused.documentation.paths.filter((known) => known.split('.').at(-1) === key);
  const near =
    suggest(key, siblings).length > 0 || elsewhere.length === 0
      ? didYouMean(key, siblings)
      : `did you mean ${elsewhere.map((known) => `'${known}'`).join(' or ')}?`;
  return {
    path: at,
    problem: `is no key of a configuration${near ? ` - ${near}` : ''}; known here: ${siblings.join(', ')}`,
    ...sourced(at, refused),
  };
}

function sourced(path: string, { sourceOf }: Refused): { source?: string } {
  const source = sourceOf(path);
  return source === undefined ? {} : { source };
}

/** The part of zod's message that says what is allowed. */
function expectation(message: string): string {
  const allowed = message.replace(/^[A-Z][a-z ]+: /, '').replace(/, received .*$/, '');
  return allowed
    .replace('expected int', 'expected a whole number')
    .replace(/^Invalid input$/, 'expected something else');
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined,
    value,
  );
}
