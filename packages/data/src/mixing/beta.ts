import type { SampleRandom } from '@limbeck/core';

/** A draw from the symmetric Beta distribution Beta(alpha, alpha), in [0, 1]; alpha above 0. */
export function drawBeta(alpha: number, random: SampleRandom): number {
  const [a, b] = [drawGamma(alpha, random), drawGamma(alpha, random)];
  // both may be too small for a number where alpha is: the distribution is then on its ends
  return a + b === 0 ? random.int(2) : a / (a + b);
}

/** A draw from the Gamma distribution with scale 1 (Marsaglia and Tsang, ACM TOMS 26, 2000). */
function drawGamma(shape: number, random: SampleRandom): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A draw from the normal distribution (Box and Muller, 1958). */
function drawNormal(random: SampleRandom): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}
