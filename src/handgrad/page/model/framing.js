// From any picture of one digit to 28×28 bytes, framed as MNIST frames its digits: to the bit as data/framing.py does.
//
// The ink is scaled so that its longer side is 20 pixels, and moved so that its centre of mass is in the middle of the
// 28×28 (LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998).

import { fromHalfToHalf, median, round } from "handgrad/model/numbers.js";
import { reduce, resize } from "handgrad/model/resampling.js";

const SIDE = 28;
const BOX = 20;
const ENOUGH = 150; // pixels on the longer side: a picture of twice or more is reduced, which averages out its noise, too
const STRONG = 250; // ink that strong is full ink already
// Clean ink has few faint pixels, at its edges; noise and the traces of JPEG have many. Where those below the first
// share of the strongest ink are more than the second share of the others, what is below the third is paper.
const [FAINT, NOISY, RESIDUE] = [0.05, 0.4, 0.2];

/**
 * Frame a digit, dark on light or light on dark.
 * @param {Uint8Array} grey  height × width, a picture of one digit; what most of its border shows is the background
 * @param {number} height
 * @param {number} width
 * @returns {Uint8Array|null} 28 × 28, light on dark: 0 is background, 255 the strongest ink; null where it is blank
 */
export function frameDigit(grey, height, width) {
  const ink = grey.length ? inkOf(reduce(grey, height, width, Math.max(1, Math.floor(Math.max(height, width) / ENOUGH)))) : null;
  const box = ink && cropped(ink);
  if (!box) return null;
  const scale = BOX / Math.max(box.height, box.width);
  const [down, across] = [Math.max(1, round(box.height * scale)), Math.max(1, round(box.width * scale))];
  const small = resize(box.values, box.height, box.width, down, across);
  return small.some(Boolean) ? centred(small, down, across) : null; // a few specks are lost in scaling
}

/** Make the background 0 and the strongest ink 255; null where nothing stands out. */
function inkOf({ values, height, width }) {
  const paper = background(values, height, width);
  let ink = values.map((value, k) => value - paper[k]);
  const most = (array) => array.reduce((a, b) => Math.max(a, b));
  if (most(ink.map((value) => -value)) > most(ink)) ink = ink.map((value) => -value);
  const strongest = most(ink);
  const noise = spread(border(ink, height, width));
  if (strongest < Math.max(8, 6 * noise)) return null;
  ink = ink.map((value) => Math.max(value, 0));
  removeNoise(ink, width, strongest, noise);
  const full = strongest >= STRONG ? 1 : 255 / strongest;
  return { values: Uint8Array.from(ink, (value) => Math.min(255, round(value * full))), height, width };
}

/** Where there is much faint ink, keep what is solid, and no specks: fewer than 3 solid pixels in 3×3. */
function removeNoise(ink, width, strongest, noise) {
  const least = Math.max(FAINT * strongest, 4 * noise);
  const faint = ink.filter((value) => value > 0 && value < least).length;
  const others = ink.filter((value) => value >= least).length;
  if (faint <= NOISY * others) return;
  const solid = ink.map((value) => Number(value >= Math.max(RESIDUE * strongest, 5 * noise)));
  const height = ink.length / width;
  const inside = (place, length) => Math.min(Math.max(place, 0), length - 1); // beyond the edge, the edge goes on
  for (let k = 0; k < ink.length; k++) {
    let around = 0;
    for (const down of [-1, 0, 1]) {
      const row = inside(Math.floor(k / width) + down, height) * width;
      for (const across of [-1, 0, 1]) around += solid[row + inside((k % width) + across, width)];
    }
    if (!solid[k] || around < 3) ink[k] = 0;
  }
}

/** Estimate the paper from the border: even, or lit from a side where that explains the border better. */
function background(values, height, width) {
  const [top, bottom, left, right] = sides(values, height, width).map(median);
  const middle = median(border(values, height, width));
  const even = values.map(() => middle);
  const [down, across] = [fromHalfToHalf(height), fromHalfToHalf(width)];
  const mean = (top + bottom + left + right) / 4;
  const lit = values.map((_, k) => mean + (bottom - top) * down[Math.floor(k / width)] + (right - left) * across[k % width]);
  const unexplained = (paper) => spread(border(values.map((value, k) => value - paper[k]), height, width));
  return unexplained(lit) < unexplained(even) ? lit : even;
}

/** The pixels at the top, the bottom, the left and the right. */
function sides(values, height, width) {
  const column = (at) => Float64Array.from({ length: height }, (_, row) => values[row * width + at]);
  return [values.slice(0, width), values.slice(-width), column(0), column(width - 1)];
}

const border = (values, height, width) => sides(values, height, width).flatMap((side) => [...side]);

/** Estimate the standard deviation, whatever a few values of another kind are. */
function spread(values) {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

/** Cut out what holds ink; null where there is none. */
function cropped({ values, height, width }) {
  const numbers = (length) => [...Array(length).keys()];
  const rows = numbers(height).filter((row) => values.subarray(row * width, (row + 1) * width).some(Boolean));
  const columns = numbers(width).filter((column) => rows.some((row) => values[row * width + column]));
  if (!rows.length) return null;
  const [top, bottom, left, right] = [rows[0], rows.at(-1) + 1, columns[0], columns.at(-1) + 1];
  const box = new Uint8Array((bottom - top) * (right - left));
  for (let row = top; row < bottom; row++) {
    box.set(values.subarray(row * width + left, row * width + right), (row - top) * (right - left));
  }
  return { values: box, height: bottom - top, width: right - left };
}

/** Place a digit so that its centre of mass is in the middle, as far as it stays inside. */
function centred(digit, height, width) {
  let [mass, massDown, massAcross] = [0, 0, 0];
  digit.forEach((value, k) => {
    mass += value;
    massDown += Math.floor(k / width) * value; // pixel k counts as k, not as k + ½, as in MNIST
    massAcross += (k % width) * value;
  });
  const inside = (place, most) => Math.min(Math.max(place, 0), most);
  const top = inside(round(SIDE / 2 - massDown / mass), SIDE - height);
  const left = inside(round(SIDE / 2 - massAcross / mass), SIDE - width);
  const framed = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < height; row++) {
    framed.set(digit.subarray(row * width, (row + 1) * width), (top + row) * SIDE + left);
  }
  return framed;
}
