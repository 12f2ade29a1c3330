#!/usr/bin/env node
import { processIo } from './io.js';
import { run } from './run.js';

// A reader that has seen enough, such as `head`, is no failure: what follows goes nowhere.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), processIo());
