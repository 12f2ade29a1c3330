#!/usr/bin/env node
import { processIo } from './io.js';
import { run } from './run.js';

const io = processIo();
if (io.outlivesTerminal) process.on('SIGHUP', () => undefined);

process.exitCode = await run(process.argv.slice(2), io);
