// The dense layer, and the product of a vector and a matrix that it shares with convolution.

/**
 * Add x · matrix to sums: x (I) from x[start] on, matrix (I, O), sums (O). Zeros in x, which are most of a digit and half
 * of the outputs of ReLU, cost nothing.
 */
export function addProduct(sums, x, start, matrix) {
  const outputs = sums.length;
  for (let row = 0, at = start; row < matrix.length; row += outputs, at++) {
    const value = x[at];
    if (value === 0) continue;
    for (let output = 0; output < outputs; output++) sums[output] += value * matrix[row + output];
  }
}

/** The transpose (I, O) of a layer's weights (O, I), computed once. */
export function transposedWeights(layer) {
  const { weights, biases } = layer.parameters;
  const outputs = biases.values.length;
  const inputs = weights.values.length / outputs;
  layer.transposed ??= weights.values.map((_, k) => weights.values[(k % outputs) * inputs + Math.floor(k / outputs)]);
  return layer.transposed;
}

export const Dense = {
  parameterShapes: ({ units }, [inputs]) => ({ weights: [units, inputs], biases: [units] }),
  outputShape: ({ units }) => [units],

  /** y = x Wᵀ + b, with x (N, I), weights (O, I), biases (O) and y (N, O); dx = dy W. */
  forward(layer, x) {
    const { weights, biases } = layer.parameters;
    return {
      y: products(x, transposedWeights(layer), biases.values),
      backward: (dy) => products(dy, weights.values, new Float32Array(layer.inputShape[0])),
    };
  },
};

/** x · matrix + start for each example, with x (N, I), matrix (I, O) and start (O). */
function products(x, matrix, start) {
  const outputs = start.length;
  const inputs = matrix.length / outputs;
  const y = new Float32Array((x.length / inputs) * outputs);
  const sums = new Float64Array(outputs);
  for (let from = 0, to = 0; from < x.length; from += inputs, to += outputs) {
    sums.set(start);
    addProduct(sums, x, from, matrix);
    y.set(sums, to);
  }
  return y;
}
