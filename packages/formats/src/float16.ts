/** IEEE half precision to single: exact for every value, NaN payloads included. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = singleBits(halves[i]!);
  return floats;
}

/** The 32 bits of the single that equals a half. Working on bits keeps signalling NaNs as they are. */
function singleBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A subnormal half, fraction * 2^-24, is a normal single: shift its leading one out of the fraction.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/**
 * Singles to the nearest halves, ties to even, as hardware rounds: what is 65520 or more becomes infinite, what is 2^-25 or
 * less zero, a NaN a quiet one.
 */
export function float32ToFloat16(singles: Float32Array): Uint16Array {
  const bits = new Uint32Array(singles.buffer, singles.byteOffset, singles.length);
  return Uint16Array.from(bits, halfBits);
}

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 lies half-way between the largest half and the next power of two
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // rounding may carry into the exponent, which is then the right one
    const half = (magnitude - 0x38000000) >>> 13;
    return sign | (half + roundsUp(magnitude & 0x1fff, 0x1000, half));
  }
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign;
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const half = fraction >>> shift;
  return sign | (half + roundsUp(fraction & ((1 << shift) - 1), 1 << (shift - 1), half));
}

/** 1 where what is cut off is more than half a unit, or just half and the rest is odd. */
const roundsUp = (cut: number, middle: number, kept: number): number =>
  cut > middle || (cut === middle && kept % 2 === 1) ? 1 : 0;
