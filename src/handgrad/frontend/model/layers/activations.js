// Activations: every number for itself, of any shape. Each function, and under it its derivative.

import { number } from "handgrad/model/fields.js";

/** Let through what is positive: y = max(x, 0). */
export function relu(x) {
  return x.map((value) => (value > 0 ? value : 0));
}

/** Pass back where the input was positive: dx = dy · [x > 0]; at 0 the gradient is 0. */
export function reluBackward(dy, x) {
  return dy.map((slope, k) => (x[k] > 0 ? slope : 0));
}

/** Let through what is positive, and a little of what is not: y = x where x > 0, else slope · x. */
export function leakyRelu(x, slope) {
  return x.map((value) => (value > 0 ? value : slope * value));
}

/** Pass back all where the input was positive, else a little: dx = dy · (1 or slope). */
export function leakyReluBackward(dy, x, slope) {
  return dy.map((value, k) => (x[k] > 0 ? value : slope * value));
}

/** Squash into −1 to 1: y = tanh x. */
export function tanh(x) {
  return x.map(Math.tanh);
}

/** Pass back through y = tanh x: dx = dy · (1 − y²). */
export function tanhBackward(dy, y) {
  return dy.map((value, k) => value * (1 - y[k] * y[k]));
}

/** Squash into 0 to 1: y = 1 / (1 + exp −x) = (1 + tanh x/2) / 2. */
export function sigmoid(x) {
  return x.map((value) => (1 + Math.tanh(value / 2)) / 2);
}

/** Pass back through y = sigmoid x: dx = dy · y (1 − y). */
export function sigmoidBackward(dy, y) {
  return dy.map((value, k) => value * y[k] * (1 - y[k]));
}

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/** Let through the more, the larger: y = x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³). */
export function gelu(x) {
  return x.map((value) => (value * (1 + Math.tanh(GELU_SCALE * (value + GELU_CUBIC * value ** 3)))) / 2);
}

/** Pass back through gelu: dx = dy · ((1 + t) + x (1 − t²) u′) / 2, t = tanh u, u′ = √(2/π) (1 + 0.134145 x²). */
export function geluBackward(dy, x) {
  return dy.map((value, k) => {
    const t = Math.tanh(GELU_SCALE * (x[k] + GELU_CUBIC * x[k] ** 3));
    const slope = GELU_SCALE * (1 + 3 * GELU_CUBIC * x[k] ** 2);
    return (value * (1 + t + x[k] * (1 - t * t) * slope)) / 2;
  });
}

const outputShape = (layer, inputShape) => inputShape;

export const ReLU = {
  fields: {},
  outputShape,
  forward: (layer, x) => ({ y: relu(x), backward: (dy) => reluBackward(dy, x) }),
};

export const LeakyReLU = {
  fields: { negative_slope: number((negative_slope) => negative_slope >= 0 && negative_slope < 1, "from 0 to below 1", 0.01) },
  outputShape,
  forward: ({ negative_slope }, x) => ({ y: leakyRelu(x, negative_slope), backward: (dy) => leakyReluBackward(dy, x, negative_slope) }),
};

export const Tanh = {
  fields: {},
  outputShape,
  forward(layer, x) {
    const y = tanh(x);
    return { y, backward: (dy) => tanhBackward(dy, y) };
  },
};

export const Sigmoid = {
  fields: {},
  outputShape,
  forward(layer, x) {
    const y = sigmoid(x);
    return { y, backward: (dy) => sigmoidBackward(dy, y) };
  },
};

export const GELU = {
  fields: {},
  outputShape,
  forward: (layer, x) => ({ y: gelu(x), backward: (dy) => geluBackward(dy, x) }),
};
