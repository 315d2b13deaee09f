// The convolution: every output sees a window of the image, and all with the same weights.

import { unread, whole } from "handgrad/model/fields.js";
import { denseBackward, Row } from "handgrad/model/layers/dense.js";
import { windowedShape, windowPixels } from "handgrad/model/layers/windows.js";

/**
 * Weigh each window alike: y[n, o, i, j] = b[o] + Σ w[o, c, k, l] x[n, c, i·stride + k, j·stride + l].
 *
 * Each window is laid out as a row, which is weighed as a dense layer weighs its inputs.
 * @param {Float32Array} x        N × C × H × W
 * @param {Float32Array} weights  O × C × K × K
 * @param {Float32Array} biases   O
 * @param {Int32Array} pixels     H' · W' × K · K, from `windowPixels`
 * @param {number[]} shape        [C, H, W]
 * @returns {Float32Array} y, N × O × H' × W'
 */
export function convolution(x, weights, biases, pixels, [channels, height, width]) {
  const [outputs, area] = [biases.length, height * width];
  const inputs = weights.length / outputs; // C · K · K
  const places = inputs / channels; // K · K
  const windows = pixels.length / places; // H' · W'
  const examples = x.length / (channels * area);
  const y = new Float32Array(examples * outputs * windows);
  const [laidOut, row] = [new Float32Array(inputs), new Row(inputs)];
  for (let example = 0; example < examples; example++) {
    for (let window = 0; window < windows; window++) {
      for (let channel = 0, at = 0; channel < channels; channel++) {
        const start = (example * channels + channel) * area;
        for (let place = 0; place < places; place++) {
          const pixel = pixels[window * places + place];
          laidOut[at++] = pixel < 0 ? 0 : x[start + pixel];
        }
      }
      row.take(laidOut, 0);
      row.weigh(weights, biases, y, example * outputs * windows + window, windows);
    }
  }
  return y;
}

/**
 * Pass back through a convolution: as `denseBackward` on the rows, then from windows to the pixels that they share.
 * @param {Float32Array} dy       N × O × H' × W'
 * @param {Float32Array} weights  O × C × K × K
 * @param {number} outputs        O
 * @param {Int32Array} pixels     H' · W' × K · K
 * @param {number[]} shape        [C, H, W]
 * @returns {Float32Array} dx, N × C × H × W
 */
export function convolutionBackward(dy, weights, outputs, pixels, [channels, height, width]) {
  const area = height * width;
  const inputs = weights.length / outputs;
  const places = inputs / channels;
  const windows = pixels.length / places;
  const examples = dy.length / (outputs * windows);
  const dx = new Float32Array(examples * channels * area);
  const drow = new Float32Array(outputs);
  for (let example = 0; example < examples; example++) {
    for (let window = 0; window < windows; window++) {
      for (let output = 0; output < outputs; output++) {
        drow[output] = dy[(example * outputs + output) * windows + window];
      }
      const dwindow = denseBackward(drow, weights, outputs);
      for (let channel = 0, at = 0; channel < channels; channel++) {
        const start = (example * channels + channel) * area;
        for (let place = 0; place < places; place++, at++) {
          const pixel = pixels[window * places + place];
          if (pixel >= 0) dx[start + pixel] += dwindow[at];
        }
      }
    }
  }
  return dx;
}

export const Conv2D = {
  fields: {
    filters: whole(1, 1_000_000),
    kernel_size: whole(1, 1_000_000, 3),
    stride: whole(1, 1_000_000, 1),
    padding: whole(0, 1_000_000, 0),
    weight_initializer: unread,
    bias_initializer: unread,
  },

  parameterShapes: ({ filters, kernel_size }, [channels]) => ({ weights: [filters, channels, kernel_size, kernel_size], biases: [filters] }),

  outputShape({ filters, kernel_size, stride, padding }, inputShape) {
    return [filters, ...windowedShape("Conv2D", inputShape, kernel_size, stride, padding).slice(1)];
  },

  forward({ parameters: { weights, biases }, inputShape, kernel_size, stride, padding }, x) {
    const pixels = windowPixels(inputShape, kernel_size, stride, padding);
    return {
      y: convolution(x, weights.values, biases.values, pixels, inputShape),
      backward: (dy) => convolutionBackward(dy, weights.values, biases.values.length, pixels, inputShape),
    };
  },
};
