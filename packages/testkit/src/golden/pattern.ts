import { type Shape, sizeOf, type TensorData, tensorData } from '@limbeck/graph';

/** Turns a pattern number u in [-1, 1) into an element of a tensor. */
export type PatternRule = (u: number) => number;

/** 32-bit FNV-1a hash of a text's UTF-8 bytes. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** A 32-bit integer mixer: neighbouring arguments give unrelated results. */
function mix(value: number): number {
  let z = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/**
 * Numbers in [-1, 1) that anyone can make again from a seed and a name: the golden files hold no inputs, because this
 * formula makes them. In float64.
 */
export function patternNumbers(seed: string, name: string, size: number): Float64Array {
  const hash = fnv1a(`${seed}:${name}`);
  return Float64Array.from({ length: size }, (_, i) => {
    const z = mix((hash + Math.imul(i + 1, 0x9e3779b9)) | 0);
    return 2 * (z / 2 ** 32) - 1;
  });
}

/**
 * A float32 tensor filled by the pattern `seed`, `name`.
 *
 * @param rule what an element is made of u; default u itself, as for images and batches
 */
export function patternFill(
  seed: string,
  name: string,
  shape: Shape,
  rule: PatternRule = (u) => u,
): TensorData<'float32'> {
  return tensorData('float32', shape, Float32Array.from(patternNumbers(seed, name, sizeOf(shape)), rule));
}

/** The golden files' rule for a parameter or buffer, by its state-dict name and shape. */
export function parameterRule(name: string, shape: Shape): PatternRule {
  if (name.endsWith('running_mean')) return (u) => 0.1 * u;
  if (name.endsWith('running_var')) return (u) => 1 + 0.25 * u;
  if (shape.length >= 2) {
    const scale = Math.sqrt(6 / sizeOf(shape.slice(1)));
    return (u) => u * scale;
  }
  return name.endsWith('weight') ? (u) => 1 + 0.25 * u : (u) => 0.1 * u;
}

const lossInputRules: Readonly<Record<string, PatternRule>> = {
  'student.logits': (u) => 4 * u,
  'teacher.logits': (u) => 4 * u,
  'student.embedding': (u) => u + 0.3,
  'student.embedding.same': (u) => u + 0.2,
  'teacher.embedding': Math.abs,
};

/** The golden files' rule for an input of a loss, by its name: `student.logits`, `teacher.embedding`; u for maps. */
export function lossInputRule(name: string): PatternRule {
  return lossInputRules[name] ?? ((u) => u);
}
