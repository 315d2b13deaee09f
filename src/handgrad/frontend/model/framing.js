// Framing of an image of one digit to 28×28 bytes, like MNIST's digits; equal to data/framing.py to the bit.
//
// The ink is scaled so that its longer side is 20 pixels, and moved so that its centre of mass is in the middle of the
// 28×28 (LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998).

import { fromHalfToHalf, median, round } from "handgrad/model/numbers.js";
import { reduce, resize } from "handgrad/model/resampling.js";

const SIDE = 28;
const BOX = 20;
const ENOUGH = 150; // pixels on the longer side: larger images are reduced, which also averages out noise
const STRONG = 250; // ink that is not scaled up
// Clean ink has few faint pixels, at its edges; noise and JPEG artefacts have many. Where the pixels below the first
// share of the strongest ink are more than the second share of the others, those below the third are background.
const [FAINT, NOISY, RESIDUE] = [0.05, 0.4, 0.2];

/**
 * Frame a digit, dark on light or light on dark.
 * @param {Uint8Array} grey  height × width; the background is what most of the border shows
 * @param {number} height
 * @param {number} width
 * @returns {Uint8Array|null} 28 × 28, light on dark: 0 is background, 255 the strongest ink; null if it is blank
 */
export function frameDigit(grey, height, width) {
  if (!grey.length) return null;
  const factor = Math.max(1, Math.floor(Math.max(height, width) / ENOUGH));
  const whole = inkOf(reduce(grey, height, width, factor));
  const box = whole && cropped(whole);
  if (!box) return null;
  const scale = BOX / Math.max(box.height, box.width);
  const [down, across] = [Math.max(1, round(box.height * scale)), Math.max(1, round(box.width * scale))];
  const small = resize(box.ink, box.height, box.width, down, across);
  return small.some(Boolean) ? centred(small, down, across) : null; // a few specks are lost in scaling
}

/** Make the background 0 and the strongest ink 255; null if there is no ink. */
function inkOf({ values, height, width }) {
  const edge = border(height, width);
  subtractBackground(values, height, width, edge);
  let least = 0;
  let most = 0;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const sign = -least > most ? -1 : 1;
  const strongest = Math.max(-least, most);
  const noise = spread(edge.map((k) => values[k]));
  if (strongest < Math.max(8, 6 * noise)) return null;
  for (let k = 0; k < values.length; k++) values[k] = Math.max(sign * values[k], 0);
  removeNoise(values, width, strongest, noise);
  const full = strongest >= STRONG ? 1 : 255 / strongest;
  const ink = new Uint8Array(values.length);
  for (let k = 0; k < ink.length; k++) if (values[k]) ink[k] = Math.min(255, round(values[k] * full));
  return { ink, height, width };
}

/** Where there is much faint ink, keep solid pixels only, and of those only with at least 3 solid ones in 3×3. */
function removeNoise(ink, width, strongest, noise) {
  const least = Math.max(FAINT * strongest, 4 * noise);
  let [faint, others] = [0, 0];
  for (const value of ink) {
    if (value >= least) others++;
    else if (value > 0) faint++;
  }
  if (faint <= NOISY * others) return;
  const enough = Math.max(RESIDUE * strongest, 5 * noise);
  const solid = Uint8Array.from(ink, (value) => Number(value >= enough));
  const height = ink.length / width;
  const inside = (index, length) => Math.min(Math.max(index, 0), length - 1); // the edge is repeated beyond it
  for (let k = 0; k < ink.length; k++) {
    let around = 0;
    for (let down = -1; down <= 1; down++) {
      const row = inside(Math.floor(k / width) + down, height) * width;
      for (let across = -1; across <= 1; across++) around += solid[row + inside((k % width) + across, width)];
    }
    if (!solid[k] || around < 3) ink[k] = 0;
  }
}

/** Subtract the background estimated from the border: even, or with a gradient where that explains the border better. */
function subtractBackground(values, height, width, edge) {
  const evenly = median(edge.map((k) => values[k]));
  const even = { paper: evenly, down: new Float64Array(height), across: new Float64Array(width) };
  const lit = gradientOfLight(values, height, width, edge);
  const left = ({ paper, down, across }, k) => values[k] - (paper + down[Math.floor(k / width)] + across[k % width]);
  const unexplained = (light) => spread(edge.map((k) => left(light, k)));
  const light = unexplained(lit) < unexplained(even) ? lit : even;
  for (let row = 0, k = 0; row < height; row++) {
    const paper = light.paper + light.down[row];
    for (let column = 0; column < width; column++, k++) values[k] -= paper + light.across[column];
  }
}

/** Estimate light that increases from one side of the image to the other. */
function gradientOfLight(values, height, width, edge) {
  const side = (from, to) => median(edge.subarray(from, to).map((k) => values[k]));
  const [top, bottom] = [side(0, width), side(width, 2 * width)];
  const [left, right] = [side(2 * width, 2 * width + height), side(2 * width + height)];
  return {
    paper: (top + bottom + left + right) / 4,
    down: fromHalfToHalf(height).map((position) => (bottom - top) * position),
    across: fromHalfToHalf(width).map((position) => (right - left) * position),
  };
}

/** The indices of the pixels at the top, the bottom, the left and the right, in this order. */
function border(height, width) {
  const along = (length, start, step) => Array.from({ length }, (_, k) => start + k * step);
  const [last, corner] = [(height - 1) * width, width - 1];
  return Float64Array.from([...along(width, 0, 1), ...along(width, last, 1), ...along(height, 0, width), ...along(height, corner, width)]);
}

/** Estimate the standard deviation, robust to outliers. */
function spread(values) {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

/** Crop to the ink; null if there is none. */
function cropped({ ink, height, width }) {
  let [top, bottom, left, right] = [height, 0, width, 0];
  for (let k = 0; k < ink.length; k++) {
    if (!ink[k]) continue;
    const row = Math.floor(k / width);
    const column = k % width;
    top = Math.min(top, row);
    bottom = row + 1;
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
  }
  if (bottom === 0) return null;
  const box = new Uint8Array((bottom - top) * (right - left));
  for (let row = top; row < bottom; row++) {
    box.set(ink.subarray(row * width + left, row * width + right), (row - top) * (right - left));
  }
  return { ink: box, height: bottom - top, width: right - left };
}

/** Move the centre of mass to the middle, as far as the digit stays inside. */
function centred(digit, height, width) {
  let [mass, massDown, massAcross] = [0, 0, 0];
  digit.forEach((value, k) => {
    mass += value;
    massDown += Math.floor(k / width) * value; // pixel k counts as k, not as k + ½, as in MNIST
    massAcross += (k % width) * value;
  });
  const inside = (position, most) => Math.min(Math.max(position, 0), most);
  const top = inside(round(SIDE / 2 - massDown / mass), SIDE - height);
  const left = inside(round(SIDE / 2 - massAcross / mass), SIDE - width);
  const framed = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < height; row++) {
    framed.set(digit.subarray(row * width, (row + 1) * width), (top + row) * SIDE + left);
  }
  return framed;
}
