const { fround } = Math;

/** A float in [0, 1] as a byte: each byte stands for an equal part of the range, as torchvision converts. */
const byte = (value: number): number => Math.trunc(fround(value * fround(255.999)));

/**
 * Turns the hue of an image with three channels, in place, with the values of torchvision's `adjust_hue`. Images without
 * three channels stay as they are.
 *
 * @param turn -0.5 to 0.5: a share of the whole circle
 */
export function adjustHue(image: Uint8Array, channels: number, turn: number): void {
  if (channels !== 3) return;
  const plane = image.length / 3;
  const mixed = new Float32Array(4);
  for (let i = 0; i < plane; i++) {
    const red = fround(image[i]! / 255);
    const green = fround(image[plane + i]! / 255);
    const blue = fround(image[2 * plane + i]! / 255);
    const most = Math.max(red, green, blue);
    const range = fround(most - Math.min(red, green, blue));
    // without saturation there is no hue to turn
    if (range === 0) {
      for (let at = i; at < image.length; at += plane) image[at] = byte(most);
      continue;
    }
    const from = (value: number) => fround(fround(most - value) / range);
    const [r, g, b] = [from(red), from(green), from(blue)];
    const sixth = most === red ? b - g : most === green ? 2 + r - b : 4 + g - r;
    const hue = fround(fround(fround(sixth) * fround(1 / 6)) + 1) % 1;
    const turned = fround(hue + fround(turn));
    const six = fround((turned - Math.floor(turned)) * 6);
    const saturation = fround(range / most);
    const sector = Math.floor(six);
    const part = fround(six - sector);
    mixed[0] = most;
    mixed[1] = fround(1 - saturation) * most;
    mixed[2] = fround(1 - fround(saturation * part)) * most;
    mixed[3] = fround(fround(saturation * part) + fround(1 - saturation)) * most;
    const places = sectors[sector % 6]!;
    image[i] = byte(mixed[places[0]]!);
    image[plane + i] = byte(mixed[places[1]]!);
    image[2 * plane + i] = byte(mixed[places[2]]!);
  }
}

/** Which of the four values a sector of the circle has as red, green and blue. */
const sectors: readonly (readonly [number, number, number])[] = [
  [0, 3, 1],
  [2, 0, 1],
  [1, 0, 3],
  [1, 2, 0],
  [3, 1, 0],
  [0, 1, 2],
];
