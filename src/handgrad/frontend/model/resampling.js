// Bicubic resizing of images of bytes, equal to Pillow to the bit.

import { transposed } from "handgrad/model/shapes.js";

/**
 * Resize an image, first its rows, then its columns, each time rounded to bytes.
 * @param {Uint8Array} image  height × width
 * @returns {Uint8Array} newHeight × newWidth
 */
export function resize(image, height, width, newHeight, newWidth) {
  const across = alongColumns(transposed(image, height, width), width, height, newWidth);
  return alongColumns(transposed(across, newWidth, height), height, newWidth, newHeight);
}

const BITS = 22; // fractional bits of a weight
const REACH = 2; // pixels of the bicubic kernel to each side
const A = -0.5; // its slope

/** Resize every column: height × width to newHeight × width. */
function alongColumns(image, height, width, newHeight) {
  if (height === newHeight) return image;
  const scaled = new Uint8ClampedArray(newHeight * width);
  for (let row = 0; row < newHeight; row++) {
    const { first, weights } = weightsFor(row, height, newHeight);
    for (let column = 0; column < width; column++) {
      let sum = 2 ** (BITS - 1);
      for (let k = 0; k < weights.length; k++) sum += weights[k] * image[(first + k) * width + column];
      scaled[row * width + column] = Math.floor(sum / 2 ** BITS);
    }
  }
  return new Uint8Array(scaled.buffer);
}

/** The first input pixel of an output pixel, and the weights from there on: integers with the sum 2²². */
function weightsFor(at, size, newSize) {
  const scale = size / newSize;
  const stretch = Math.max(1, scale); // wider windows for smaller images
  const [centre, support] = [(at + 0.5) * scale, REACH * stretch];
  const first = Math.max(0, Math.trunc(centre - support + 0.5));
  const end = Math.min(size, Math.trunc(centre + support + 0.5));
  const kernel = Array.from({ length: end - first }, (_, k) => bicubic((k + first - centre + 0.5) * (1 / stretch)));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const weights = kernel.map((weight) => (total ? weight / total : weight) * 2 ** BITS);
  return { first, weights: weights.map((weight) => Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5)) };
}

/** Keys, "Cubic convolution interpolation for digital image processing", 1981, equation 15. */
function bicubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}
