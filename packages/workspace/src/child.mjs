import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * How a child ended; `output` is empty unless it was captured.
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, output: string }} Ending
 */

/** A terminal and npm may both deliver one Ctrl-C; deliveries this close together (ms) are one. */
const SAME_PRESS = 250;

/**
 * Runs a program to its end. A signal sent to this process reaches the program exactly once.
 * @param {string[]} command
 * @param {{ cwd: string, capture?: boolean, env?: NodeJS.ProcessEnv }} options `capture`: keep the output rather than show it
 * @returns {Promise<Ending>}
 */
export function runChild([program = '', ...args], { cwd, capture = false, env = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      // npm is a .cmd file on Windows, which only a shell can start.
      shell: program.endsWith('.cmd'),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const stopForwarding = forwardSignals((signal) => child.kill(signal));
    child.once('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.once('close', (code, signal) => {
      stopForwarding();
      resolve({ code, signal, output });
    });
  });
}

/**
 * @param {(signal: NodeJS.Signals) => void} send
 * @returns {() => void} restores the default handling
 */
function forwardSignals(send) {
  const forward = onceAPress(send);
  /** @type {Map<NodeJS.Signals, () => void>} */
  const handlers = new Map([
    ['SIGINT', () => terminalDelivers(process.pid) || forward('SIGINT')],
    ['SIGTERM', () => forward('SIGTERM')],
    ['SIGHUP', () => forward('SIGHUP')],
  ]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/**
 * Passes a signal on unless the same one was passed on just before.
 * @param {(signal: NodeJS.Signals) => void} send
 * @param {() => number} [now] milliseconds
 * @returns {(signal: NodeJS.Signals) => void}
 */
export function onceAPress(send, now = () => performance.now()) {
  /** @type {Map<NodeJS.Signals, number>} */
  const last = new Map();
  return (signal) => {
    const time = now();
    const before = last.get(signal);
    last.set(signal, time);
    if (before === undefined || time - before > SAME_PRESS) send(signal);
  };
}

/**
 * Whether a Ctrl-C comes from the terminal, which then signals the whole foreground group, the child included.
 * @param {number} pid
 */
function terminalDelivers(pid) {
  try {
    return inForeground(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // No /proc: a terminal on any of the three streams is the best guess.
    return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  }
}

/**
 * Whether a process belongs to its terminal's foreground group.
 * @param {string} stat a line of `/proc/<pid>/stat`: `pid (name) state ppid pgrp session tty tpgid ...`
 */
export function inForeground(stat) {
  // The name may hold spaces and brackets of its own.
  const [, , pgrp, , , tpgid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return pgrp !== undefined && pgrp === tpgid;
}
