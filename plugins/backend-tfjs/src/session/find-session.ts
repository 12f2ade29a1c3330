import { isLimbeckError } from '@limbeck/core';
import { runCommand } from './command.js';
import { type Probe, probe } from './probe.js';
import { type FoundPackage, findPackage, remedy } from './runtime.js';

/** tfjs-node as it is installed here and what its library says of itself, or why there is none to use. */
export type FoundSession =
  | ({ readonly available: true; readonly package: FoundPackage } & Probe)
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** Answers by file: starting a process takes half a second, and a run asks several times. A fault may be mended meanwhile. */
const answers = new Map<string, Promise<Probe | { readonly fault: string }>>();

async function ask(file: string): Promise<Probe | { readonly fault: string }> {
  const answer = answers.get(file) ?? probe(runCommand, file);
  answers.set(file, answer);
  const result = await answer;
  if ('fault' in result) answers.delete(file);
  return result;
}

/** Looks for tfjs-node and tries it in a process of its own; that process is not started where nothing is installed. */
export async function findSession(): Promise<FoundSession> {
  let found: FoundPackage;
  try {
    found = findPackage();
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    return { available: false, reason: error.message, remedy };
  }
  const result = await ask(found.file);
  if ('fault' in result)
    return { available: false, reason: `${found.name} cannot be loaded: ${result.fault}`, remedy };
  return { available: true, package: found, ...result };
}
