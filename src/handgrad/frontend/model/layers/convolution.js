// Convolution: a dense layer on each window of an image, with the same weights everywhere.

import { integer, unused } from "handgrad/model/fields.js";
import { denseBackward, Row } from "handgrad/model/layers/dense.js";
import { windowOffsets, windowedShape } from "handgrad/model/layers/windows.js";

/**
 * y[n, o, i, j] = b[o] + Σ w[o, c, k, l] x[n, c, i·stride + k, j·stride + l], with x (N, C, H, W), weights (O, C, K, K),
 * biases (O), offsets (H' W', K K) from `windowOffsets`, shape [C, H, W] and y (N, O, H', W').
 */
export function convolution(x, weights, biases, offsets, shape) {
  const { outputs, inputs, windows, examples, each } = sizes(x.length, weights, biases.length, offsets, shape);
  const y = new Float32Array(examples * outputs * windows);
  const [values, row] = [new Float32Array(inputs), new Row(inputs)];
  for (let example = 0; example < examples; example++) {
    for (let window = 0; window < windows; window++) {
      each(example, window, (pixel, k) => (values[k] = pixel < 0 ? 0 : x[pixel]));
      row.load(values, 0);
      row.multiply(weights, biases, y, example * outputs * windows + window, windows);
    }
  }
  return y;
}

/** dx (N, C, H, W) from dy (N, O, H', W'): like `denseBackward` for each window, added up where windows overlap. */
export function convolutionBackward(dy, weights, outputs, offsets, shape, length) {
  const { windows, examples, each } = sizes(length, weights, outputs, offsets, shape);
  const dx = new Float32Array(length);
  const drow = new Float32Array(outputs);
  for (let example = 0; example < examples; example++) {
    for (let window = 0; window < windows; window++) {
      for (let output = 0; output < outputs; output++) drow[output] = dy[(example * outputs + output) * windows + window];
      const dwindow = denseBackward(drow, weights, outputs);
      each(example, window, (pixel, k) => {
        if (pixel >= 0) dx[pixel] += dwindow[k];
      });
    }
  }
  return dx;
}

function sizes(length, weights, outputs, offsets, [channels, height, width]) {
  const area = height * width;
  const inputs = weights.length / outputs; // C · K · K
  const kernel = inputs / channels; // K · K
  /** Call use(index in x or −1, index in the window) for each input of a window. */
  const each = (example, window, use) => {
    for (let channel = 0, k = 0; channel < channels; channel++) {
      const start = (example * channels + channel) * area;
      for (let place = 0; place < kernel; place++, k++) {
        const offset = offsets[window * kernel + place];
        use(offset < 0 ? -1 : start + offset, k);
      }
    }
  };
  return { outputs, inputs, windows: offsets.length / kernel, examples: length / (channels * area), each };
}

export const Conv2D = {
  fields: {
    filters: integer(1, 1_000_000),
    kernel_size: integer(1, 1_000_000, 3),
    stride: integer(1, 1_000_000, 1),
    padding: integer(0, 1_000_000, 0),
    weight_initializer: unused,
    bias_initializer: unused,
  },
  parameterShapes: ({ filters, kernel_size: k }, [channels]) => ({ weights: [filters, channels, k, k], biases: [filters] }),
  outputShape: ({ filters, kernel_size, stride, padding }, inputShape) => [filters, ...windowedShape("Conv2D", inputShape, kernel_size, stride, padding).slice(1)],

  forward({ parameters: { weights, biases }, inputShape, kernel_size, stride, padding }, x) {
    const offsets = windowOffsets(inputShape, kernel_size, stride, padding);
    return {
      y: convolution(x, weights.values, biases.values, offsets, inputShape),
      backward: (dy) => convolutionBackward(dy, weights.values, biases.values.length, offsets, inputShape, x.length),
    };
  },
};
