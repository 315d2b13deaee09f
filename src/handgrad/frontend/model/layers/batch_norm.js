// Batch normalisation: every feature with mean 0 and variance 1, as they were measured on training data.

import { number } from "handgrad/model/fields.js";
import { size } from "handgrad/model/shapes.js";

/**
 * In inference it is an affine map: y = gamma · (x − mean) / √(variance + ε) + beta, for each input or channel.
 * @param {Float32Array} x  N × C × area
 * @param {{slopes: Float64Array, starts: Float64Array}} map  C each, from `affine`
 * @param {number} area     pixels of a channel; 1 for flat inputs
 * @returns {Float32Array} y, N × C × area
 */
export function batchNorm(x, { slopes, starts }, area) {
  return x.map((value, k) => {
    const channel = Math.floor(k / area) % slopes.length;
    return value * slopes[channel] + starts[channel];
  });
}

/**
 * Pass back through the affine map: dx = dy · gamma / √(variance + ε).
 * @param {Float32Array} dy  N × C × area
 * @returns {Float32Array} dx, N × C × area
 */
export function batchNormBackward(dy, { slopes }, area) {
  return dy.map((value, k) => value * slopes[Math.floor(k / area) % slopes.length]);
}

/** What the parameters, C each, come to: y = slope · x + start. */
function affine({ gamma, beta, mean, variance }, epsilon) {
  const slopes = Float64Array.from(gamma.values, (value, c) => value / Math.sqrt(variance.values[c] + epsilon));
  const starts = Float64Array.from(beta.values, (value, c) => value - mean.values[c] * slopes[c]);
  return { slopes, starts };
}

export const BatchNorm = {
  fields: { epsilon: number((epsilon) => epsilon > 0 && epsilon < 1, "above 0 and below 1", 1e-5) },

  parameterShapes: (layer, [channels]) => ({ gamma: [channels], beta: [channels], mean: [channels], variance: [channels] }),

  outputShape: (layer, inputShape) => inputShape,

  forward({ parameters, epsilon, inputShape }, x) {
    const map = affine(parameters, epsilon);
    const area = size(inputShape.slice(1));
    return { y: batchNorm(x, map, area), backward: (dy) => batchNormBackward(dy, map, area) };
  },
};
