// Activations: y = f(x) for every number, and under each function its derivative.

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

export const ReLU = elementwise({
  f: (x) => (x > 0 ? x : 0),
  derivative: (x) => (x > 0 ? 1 : 0),
});

export const LeakyReLU = elementwise({
  f: (x, { negative_slope }) => (x > 0 ? x : negative_slope * x),
  derivative: (x, y, { negative_slope }) => (x > 0 ? 1 : negative_slope),
});

export const Tanh = elementwise({
  f: (x) => Math.tanh(x),
  derivative: (x, y) => 1 - y * y,
});

/** y = 1 / (1 + exp −x); exp −|x| cannot overflow. */
export function sigmoid(x) {
  const power = Math.exp(-Math.abs(x));
  return (x < 0 ? power : 1) / (1 + power);
}

export const Sigmoid = elementwise({
  f: sigmoid,
  derivative: (x, y) => y * (1 - y),
});

/** y = x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³). */
export const GELU = elementwise({
  f: (x) => (x * (1 + Math.tanh(GELU_SCALE * (x + GELU_CUBIC * x ** 3)))) / 2,
  derivative(x) {
    const t = Math.tanh(GELU_SCALE * (x + GELU_CUBIC * x ** 3));
    const slope = GELU_SCALE * (1 + 3 * GELU_CUBIC * x ** 2);
    return (1 + t + x * (1 - t * t) * slope) / 2;
  },
});

/** Create a layer of a function f(x, layer) and its derivative(x, y, layer): dx = dy · f′(x). */
function elementwise({ f, derivative }) {
  return {
    outputShape: (layer, inputShape) => inputShape,
    forward(layer, x) {
      const y = x.map((value) => f(value, layer));
      return { y, backward: (dy) => dy.map((slope, k) => slope * derivative(x[k], y[k], layer)) };
    },
  };
}
