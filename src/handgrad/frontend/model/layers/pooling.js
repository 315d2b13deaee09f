// Pooling: the largest or the average value of each window of an image; Maxout: the largest of every few neighbours.

import { integer } from "handgrad/model/fields.js";
import { windowOffsets, windowedShape } from "handgrad/model/layers/windows.js";
import { size } from "handgrad/model/shapes.js";

/** Call use(index of the window, start of its channel in x, start of its offsets) for each of `length` windows. */
function eachWindow(length, offsets, kernel, area, use) {
  for (let at = 0, start = 0; at < length; start += area) {
    for (let from = 0; from < offsets.length; from += kernel, at++) use(at, start, from);
  }
}

/** Add each dy to the input at its argmax. */
function scatter(dy, argmax, length) {
  const dx = new Float32Array(length);
  for (let at = 0; at < dy.length; at++) dx[argmax[at]] += dy[at];
  return dx;
}

/**
 * Return the largest value of each window, of equal ones the first, and its index in x: y and argmax (N C, H' W') from
 * x (N C, H W), offsets (H' W', kernel) from `windowOffsets`, kernel K K and area H W.
 */
export function maxPool(x, offsets, kernel, area) {
  const y = new Float32Array((x.length / area) * (offsets.length / kernel));
  const argmax = new Int32Array(y.length);
  eachWindow(y.length, offsets, kernel, area, (at, start, from) => {
    let best = start + offsets[from];
    for (let k = 1; k < kernel; k++) if (x[start + offsets[from + k]] > x[best]) best = start + offsets[from + k];
    y[at] = x[best];
    argmax[at] = best;
  });
  return { y, argmax };
}

/** Return the average of each window; shapes as for `maxPool`. */
export function avgPool(x, offsets, kernel, area) {
  const y = new Float32Array((x.length / area) * (offsets.length / kernel));
  eachWindow(y.length, offsets, kernel, area, (at, start, from) => {
    let sum = 0;
    for (let k = 0; k < kernel; k++) sum += x[start + offsets[from + k]];
    y[at] = sum / kernel;
  });
  return y;
}

/** Add dy / K² to every pixel of a window. */
export function avgPoolBackward(dy, offsets, kernel, area) {
  const dx = new Float32Array((dy.length / (offsets.length / kernel)) * area);
  eachWindow(dy.length, offsets, kernel, area, (at, start, from) => {
    for (let k = 0; k < kernel; k++) dx[start + offsets[from + k]] += dy[at] / kernel;
  });
  return dx;
}

const fields = { pool_size: integer(1, 15, 2), stride: integer(0, 1_000_000_000, 0) };

/** Stride 0 stands for the pool size. */
const strideOf = ({ pool_size, stride }) => stride || pool_size;

function windowsOf(layer) {
  const [, height, width] = layer.inputShape;
  return [windowOffsets(layer.inputShape, layer.pool_size, strideOf(layer)), layer.pool_size ** 2, height * width];
}

export const MaxPool2D = {
  fields,
  outputShape: (layer, inputShape) => windowedShape("MaxPool2D", inputShape, layer.pool_size, strideOf(layer)),
  forward(layer, x) {
    const { y, argmax } = maxPool(x, ...windowsOf(layer));
    return { y, backward: (dy) => scatter(dy, argmax, x.length) };
  },
};

export const AvgPool2D = {
  fields,
  outputShape: (layer, inputShape) => windowedShape("AvgPool2D", inputShape, layer.pool_size, strideOf(layer)),
  forward(layer, x) {
    const windows = windowsOf(layer);
    return { y: avgPool(x, ...windows), backward: (dy) => avgPoolBackward(dy, ...windows) };
  },
};

export const Maxout = {
  fields: { pieces: integer(2, 1_000_000_000, 2) },

  outputShape({ pieces }, [inputs, ...image]) {
    if (inputs % pieces) throw new Error(`Maxout: ${inputs} inputs are not divisible by ${pieces} pieces`);
    return [inputs / pieces, ...image];
  },

  /** yᵢ = maxₖ x[i · pieces + k], of equal ones the first. */
  forward({ pieces, inputShape }, x) {
    const area = size(inputShape.slice(1)); // pixels per channel
    const y = new Float32Array(x.length / pieces);
    const argmax = new Int32Array(y.length);
    for (let at = 0; at < y.length; at++) {
      const pixel = at % area;
      let best = (at - pixel) * pieces + pixel;
      for (let piece = 1, other = best + area; piece < pieces; piece++, other += area) if (x[other] > x[best]) best = other;
      y[at] = x[best];
      argmax[at] = best;
    }
    return { y, backward: (dy) => scatter(dy, argmax, x.length) };
  },
};
