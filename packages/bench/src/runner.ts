import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { median } from '@limbeck/trainer';
import { placements } from './placements.js';
import type { Measurement, Request } from './protocol.js';
import { prepareStep, type StepTime } from './step.js';
import { workloads } from './workloads.js';

/**
 * Measures one workload in a process of its own, so that its peak memory is its own: answers each request line on
 * standard input, in the protocol of peers/pytorch.py.
 */
const { values } = parseArgs({
  options: {
    workload: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    warmup: { type: 'string', default: '3' },
    placements: { type: 'string', default: 'onnx' },
  },
});
const workload = workloads.find(({ id }) => id === values.workload);
if (workload === undefined) throw new Error(`there is no workload '${values.workload}'`);

const chosen = placements.find(({ id }) => id === values.placements);
if (chosen === undefined) throw new Error(`there are no placements '${values.placements}'`);

const step = await prepareStep(workload, { threads: Number(values.threads), placements: chosen });
for (let i = 0; i < Number(values.warmup); i++) await step.run();
process.stdout.write(`${JSON.stringify({ ready: true, compileSeconds: step.compileSeconds })}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const { steps } = JSON.parse(line) as Request;
  const times: StepTime[] = [];
  for (let i = 0; i < steps; i++) times.push(await step.run());
  const stepMs = median(times.map(({ teacherMs, studentMs }) => teacherMs + studentMs));
  const measurement: Measurement = {
    teacherMs: median(times.map(({ teacherMs }) => teacherMs)),
    studentMs: median(times.map(({ studentMs }) => studentMs)),
    stepMs,
    imagesPerSecond: (1000 * workload.batchSize) / stepMs,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}
