// Pooling: the largest or the average value of each window of an image; Maxout: the largest of every few neighbours.

import { windowCounts, windowOffsets } from "handgrad/model/layers/windows.js";
import { size } from "handgrad/model/shapes.js";

/** Stride 0 stands for the pool size. */
const strideOf = ({ pool_size, stride }) => stride || pool_size;
const outputShape = (layer, inputShape) => [inputShape[0], ...windowCounts(inputShape, layer.pool_size, strideOf(layer))];

/** Return the indices in x (N, C, H, W) of each window's pixels, as a function (number of the window, number of the pixel). */
function windowsOf(layer) {
  const [, height, width] = layer.inputShape;
  const kernel = layer.pool_size ** 2;
  const offsets = windowOffsets([1, height, width], layer.pool_size, strideOf(layer));
  const windows = offsets.length / kernel; // per channel
  return { kernel, at: (window, k) => Math.floor(window / windows) * height * width + offsets[(window % windows) * kernel + k] };
}

const outputs = (layer, x) => new Float32Array((x.length / size(layer.inputShape)) * size(layer.outputShape));

/** y[k] = the largest of x[at(k, 0)], …, x[at(k, count − 1)], of equal ones the first; dx adds each dy to its input. */
function largestOf(x, y, count, at) {
  const argmax = new Int32Array(y.length);
  for (let k = 0; k < y.length; k++) {
    let best = at(k, 0);
    for (let each = 1; each < count; each++) if (x[at(k, each)] > x[best]) best = at(k, each);
    y[k] = x[best];
    argmax[k] = best;
  }
  const backward = (dy) => {
    const dx = new Float32Array(x.length);
    dy.forEach((slope, k) => (dx[argmax[k]] += slope));
    return dx;
  };
  return { y, backward };
}

export const MaxPool2D = {
  outputShape,
  forward(layer, x) {
    const { kernel, at } = windowsOf(layer);
    return largestOf(x, outputs(layer, x), kernel, at);
  },
};

export const AvgPool2D = {
  outputShape,
  /** The average of each window; dx adds dy / K² to each of its pixels. */
  forward(layer, x) {
    const { kernel, at } = windowsOf(layer);
    const y = outputs(layer, x).map((_, window) => {
      let sum = 0;
      for (let k = 0; k < kernel; k++) sum += x[at(window, k)];
      return sum / kernel;
    });
    const backward = (dy) => {
      const dx = new Float32Array(x.length);
      dy.forEach((slope, window) => {
        for (let k = 0; k < kernel; k++) dx[at(window, k)] += slope / kernel;
      });
      return dx;
    };
    return { y, backward };
  },
};

export const Maxout = {
  outputShape: ({ pieces }, [inputs, ...image]) => [inputs / pieces, ...image],

  /** yᵢ = maxₖ x[i · pieces + k] for each pixel. */
  forward(layer, x) {
    const area = size(layer.inputShape.slice(1));
    const at = (k, piece) => (k - (k % area)) * layer.pieces + (k % area) + piece * area;
    return largestOf(x, outputs(layer, x), layer.pieces, at);
  },
};
