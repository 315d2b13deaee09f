// Batch normalization in inference: an affine map of each feature or channel, from the statistics of the training data.

import { size } from "handgrad/model/shapes.js";

export const BatchNorm = {
  parameterShapes: (layer, [channels]) => ({ gamma: [channels], beta: [channels] }),
  statisticShapes: (layer, [channels]) => ({ mean: [channels], variance: [channels] }),
  outputShape: (layer, inputShape) => inputShape,

  /** y = gamma · (x − mean) / √(variance + ε) + beta; dx = dy · gamma / √(variance + ε). */
  forward({ parameters: { gamma, beta }, statistics: { mean, variance }, epsilon, inputShape }, x) {
    const slope = Float64Array.from(gamma.values, (value, c) => value / Math.sqrt(variance.values[c] + epsilon));
    const start = Float64Array.from(beta.values, (value, c) => value - mean.values[c] * slope[c]);
    const area = size(inputShape.slice(1));
    const channel = (k) => Math.floor(k / area) % slope.length;
    return {
      y: x.map((value, k) => value * slope[channel(k)] + start[channel(k)]),
      backward: (dy) => dy.map((value, k) => value * slope[channel(k)]),
    };
  },
};
