import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import type { SplitFacts } from '@limbeck/data';
import type { Io } from '../io.js';
import { count } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { lookThrough, progressLine } from './look-through.js';
import { type DataChoice, openChosenData } from './open-chosen-data.js';

export interface DataVerifyOptions extends DataChoice {
  readonly json?: boolean;
}

const shown = 20;

/**
 * `limbeck data verify NAME`: compares published files with their checksums, reads every file of the data set again whatever an
 * index says, and decodes every picture.
 */
export async function dataVerify(io: Io, { json = false, ...choice }: DataVerifyOptions): Promise<void> {
  const { checkFile } = await import('@limbeck/data');
  const { host, dataset, dataDir, open } = await openChosenData(io, choice);
  const line = progressLine(io);
  try {
    const files: { name: string; state: string }[] = [];
    for (const file of dataset.files) {
      line.show(`reading ${file.name}`);
      const state = await checkFile(path.join(dataDir, dataset.id, file.name), file);
      files.push({ name: file.name, state: state.kind === 'wrong' ? state.difference : state.kind });
    }
    const indexed = await open(line.show);
    const opened = await open(line.show, true);
    const { facts } = await lookThrough(io, opened, { show: line.show });
    line.close();
    const bad = Object.entries(facts).flatMap(([split, { bad: own }]) =>
      own.map(({ name, reason }) => ({ split, name, reason })),
    );
    const isUnchanged = indexed.fingerprint === opened.fingerprint;
    const result = {
      dataset: dataset.id,
      files,
      fingerprint: opened.fingerprint,
      unchanged: isUnchanged,
      splits: Object.fromEntries(Object.entries(facts).map(([split, { samples }]) => [split, samples])),
      bad,
    };
    if (!json) printVerified(io, files, facts);
    const wrong = files.filter(({ state }) => state !== 'good' && state !== 'missing');
    const faults = [
      ...wrong.map(({ name, state }) => `${name} is not the published file: ${state}`),
      ...(isUnchanged ? [] : ['files have changed without a change of their sizes and times']),
      ...(bad.length === 0 ? [] : [`${count(bad.length)} samples cannot be loaded`]),
    ];
    if (faults.length === 0) {
      if (json) printJson(io, result);
      return;
    }
    throw new LimbeckError('VERIFY_FAILED', `${dataset.id}: ${faults.join('; ')}`, {
      hint: "replace these files, or leave damaged pictures out with data.onError: 'skip'",
      details: result,
    });
  } finally {
    line.close();
    await host.dispose();
  }
}

function printVerified(
  io: Io,
  files: readonly { name: string; state: string }[],
  facts: Readonly<Record<string, SplitFacts>>,
): void {
  for (const { name, state } of files) print(io, `${name}: ${state === 'good' ? 'as published' : state}`);
  for (const [split, { samples, bad }] of Object.entries(facts)) {
    const found = bad.length === 0 ? 'all can be loaded' : `${count(bad.length)} cannot be loaded`;
    print(io, `${split}: ${count(samples)} samples, ${found}`);
    for (const { reason } of bad.slice(0, shown)) print(io, `  ${reason}`);
    if (bad.length > shown) print(io, `  and ${count(bad.length - shown)} more`);
  }
}
