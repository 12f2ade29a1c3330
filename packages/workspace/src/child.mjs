import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * How a program ended: with an exit code or by a signal.
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Ending
 */

/** How often (ms) to look whether npm is still there. */
const PARENT_CHECK = 500;

/** @type {NodeJS.Signals[]} */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** A terminal and npm may both deliver one Ctrl-C; deliveries this close together (ms) are one. */
const SAME_PRESS = 250;

/**
 * Becomes a program in all but name: it has the terminal, and a signal sent to this process reaches it exactly once.
 * @param {string[]} command
 * @param {{ cwd: string }} options
 * @returns {Promise<Ending>}
 */
export function runChild(command, { cwd }) {
  const child = start(command, { cwd, stdio: 'inherit' });
  const forward = onceAPress((signal) => child.kill(signal));
  const stopWatching = onParentGone(() => forward('SIGTERM'));
  return ended(child, (signal) => {
    if (signal !== 'SIGINT' || !terminalDelivers(process.pid)) forward(signal);
  }).finally(stopWatching);
}

/**
 * npm starts a script through a shell, which dies of SIGTERM without a word to the script: nothing may go on running then.
 * @param {() => void} act
 * @returns {() => void} stops watching
 */
function onParentGone(act) {
  const parent = process.ppid;
  const check = () => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  };
  // Whoever starts this without npm may mean it to outlive them.
  const timer = process.env.npm_lifecycle_event ? setInterval(check, PARENT_CHECK) : undefined;
  return () => clearInterval(timer);
}

/**
 * Runs a program whose output is only of interest when it fails. Any signal ends it at once, without the time it might take to
 * tidy up: what it leaves must be recognisable as unfinished.
 * @param {string[]} command
 * @param {{ cwd: string }} options
 * @returns {Promise<Ending & { output: string, interrupted: boolean }>}
 */
export async function runQuietly(command, { cwd }) {
  const child = start(command, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  let interrupted = false;
  const ending = await ended(child, () => {
    interrupted = true;
    child.kill('SIGKILL');
  });
  return { ...ending, output, interrupted };
}

/**
 * @param {string[]} command
 * @param {import('node:child_process').SpawnOptions} options
 */
function start([program = '', ...args], options) {
  // npm is a .cmd file on Windows, which only a shell can start.
  return spawn(program, args, { ...options, shell: program.endsWith('.cmd') });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: NodeJS.Signals) => void} onSignal what a signal sent to this process does until then
 * @returns {Promise<Ending>}
 */
function ended(child, onSignal) {
  for (const signal of forwarded) process.on(signal, onSignal);
  /** @type {Promise<Ending>} */
  const ending = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return ending.finally(() => {
    for (const signal of forwarded) process.off(signal, onSignal);
  });
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
