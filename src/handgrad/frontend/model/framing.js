// Framing of a drawing in 28×28 bytes, as MNIST's digits are; equal to data/framing.py to the bit.
//
// The ink is scaled so that its longer side is 20 pixels, and moved so that its centre of mass is in the middle of the
// 28×28 (LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998). Python also frames photographs,
// whose paper it estimates. The paper of a drawing is 0, and its strongest ink 255.

import { resize } from "handgrad/model/resampling.js";

export const SIDE = 28;
export const BOX = 20;

/** Round to the nearest integer, halves to even, as Python does. */
export function round(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Frame a drawing.
 * @param {Uint8Array} ink  side × side: 0 is paper, 255 ink
 * @param {number} side
 * @returns {Uint8Array|null} 28 × 28; null without ink
 */
export function frameDigit(ink, side) {
  const box = cropped(ink, side);
  if (!box) return null;
  const scale = BOX / Math.max(box.height, box.width);
  const [height, width] = [box.height, box.width].map((length) => Math.max(1, round(length * scale)));
  return centred(resize(box.ink, box.height, box.width, height, width), height, width);
}

/** Crop to the ink; null if there is none. */
function cropped(ink, side) {
  let [top, bottom, left, right] = [side, 0, side, 0];
  ink.forEach((value, k) => {
    if (!value) return;
    const [row, column] = [Math.floor(k / side), k % side];
    top = Math.min(top, row);
    bottom = row + 1;
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
  });
  if (bottom === 0) return null;
  const [height, width] = [bottom - top, right - left];
  const box = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const start = (top + row) * side + left;
    box.set(ink.subarray(start, start + width), row * width);
  }
  return { ink: box, height, width };
}

/** Place height × width bytes in 28 × 28, the centre of mass in the middle, as far as the digit stays inside. */
export function centred(digit, height, width) {
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
