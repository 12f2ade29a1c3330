import { onnxBackend } from '@limbeck/backend-onnx';
import { tfjsBackend } from '@limbeck/backend-tfjs';
import type { Placement } from '@limbeck/trainer';

/** Where a program runs and in what. */
export type RunsOn = Required<Pick<Placement, 'backend' | 'precision'>>;

/** Teacher and student each in its place: one variant of ours. */
export interface Placements {
  readonly id: string;
  /** How reports call it. */
  readonly label: string;
  /** `cache`: its features are read from disk, where they were put before. */
  readonly teacher: RunsOn | 'cache';
  readonly student: RunsOn;
}

const onnx = { backend: onnxBackend, precision: 'float32' } as const;
const onnxInt8 = { backend: onnxBackend, precision: 'int8' } as const;
const tfjs = { backend: tfjsBackend, precision: 'float32' } as const;
const tfjsBfloat16 = { backend: tfjsBackend, precision: 'bfloat16' } as const;

/** Our variants by name. */
export const placements: readonly Placements[] = [
  { id: 'onnx', label: 'onnx float32', teacher: onnx, student: onnx },
  { id: 'onnx-int8', label: 'teacher onnx int8, student onnx float32', teacher: onnxInt8, student: onnx },
  { id: 'tfjs', label: 'teacher onnx float32, student tfjs float32', teacher: onnx, student: tfjs },
  { id: 'tfjs-int8', label: 'teacher onnx int8, student tfjs float32', teacher: onnxInt8, student: tfjs },
  {
    id: 'tfjs-int8-bfloat16',
    label: 'teacher onnx int8, student tfjs bfloat16',
    teacher: onnxInt8,
    student: tfjsBfloat16,
  },
  { id: 'onnx-cache', label: 'student from cache, onnx float32', teacher: 'cache', student: onnx },
  { id: 'tfjs-cache', label: 'student from cache, tfjs float32', teacher: 'cache', student: tfjs },
  {
    id: 'tfjs-cache-bfloat16',
    label: 'student from cache, tfjs bfloat16',
    teacher: 'cache',
    student: tfjsBfloat16,
  },
];

/** Why a variant cannot run here; undefined where it can. */
export async function obstacle({ teacher, student }: Placements): Promise<string | undefined> {
  for (const { backend, precision } of teacher === 'cache' ? [student] : [teacher, student]) {
    const found = await backend.capabilities();
    if (!found.available) return found.reason;
    if (!found.precisions.includes(precision)) return `${backend.id} has no ${precision} here`;
  }
  return undefined;
}
