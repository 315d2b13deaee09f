// Convolution: a dense layer on each window of an image, with the same weights everywhere.

import { addProduct, transposedWeights } from "handgrad/model/layers/dense.js";
import { windowCounts, windowOffsets } from "handgrad/model/layers/windows.js";
import { size } from "handgrad/model/shapes.js";

/** y[n, o, i, j] = b[o] + Σ w[o, c, k, l] x[n, c, i·stride + k, j·stride + l], with x (N, C, H, W), y (N, O, H', W'). */
function convolution(layer, x, offsets) {
  const { inputShape, filters, parameters } = layer;
  const matrix = transposedWeights(layer);
  const inputs = matrix.length / filters;
  const windows = offsets.length / inputs;
  const image = size(inputShape);
  const y = new Float32Array((x.length / image) * filters * windows);
  const patch = new Float32Array(inputs);
  const sums = new Float64Array(filters);
  for (let start = 0, to = 0; start < x.length; start += image, to += filters * windows) {
    for (let window = 0; window < windows; window++) {
      for (let k = 0; k < inputs; k++) {
        const offset = offsets[window * inputs + k];
        patch[k] = offset < 0 ? 0 : x[start + offset];
      }
      sums.set(parameters.biases.values);
      addProduct(sums, patch, 0, matrix);
      for (let o = 0; o < filters; o++) y[to + o * windows + window] = sums[o];
    }
  }
  return y;
}

/** dx (N, C, H, W) from dy (N, O, H', W'): dy W of each window, added up where windows overlap. */
function convolutionBackward(layer, dy, offsets) {
  const { inputShape, filters, parameters } = layer;
  const weights = parameters.weights.values;
  const inputs = weights.length / filters;
  const windows = offsets.length / inputs;
  const image = size(inputShape);
  const dx = new Float32Array((dy.length / (filters * windows)) * image);
  const slopes = new Float32Array(filters);
  const sums = new Float64Array(inputs);
  for (let start = 0, from = 0; start < dx.length; start += image, from += filters * windows) {
    for (let window = 0; window < windows; window++) {
      for (let o = 0; o < filters; o++) slopes[o] = dy[from + o * windows + window];
      sums.fill(0);
      addProduct(sums, slopes, 0, weights);
      for (let k = 0; k < inputs; k++) {
        const offset = offsets[window * inputs + k];
        if (offset >= 0) dx[start + offset] += sums[k];
      }
    }
  }
  return dx;
}

export const Conv2D = {
  parameterShapes: ({ filters, kernel_size: k }, [channels]) => ({ weights: [filters, channels, k, k], biases: [filters] }),
  outputShape: ({ filters, kernel_size: k, stride, padding }, inputShape) => [filters, ...windowCounts(inputShape, k, stride, padding)],

  forward(layer, x) {
    const offsets = windowOffsets(layer.inputShape, layer.kernel_size, layer.stride, layer.padding);
    return { y: convolution(layer, x, offsets), backward: (dy) => convolutionBackward(layer, dy, offsets) };
  },
};
