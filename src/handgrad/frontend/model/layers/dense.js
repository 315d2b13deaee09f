// The dense layer.

import { integer, unused } from "handgrad/model/fields.js";

/** y = x Wᵀ + b, with x (N, I), weights (O, I), biases (O) and y (N, O). */
export function dense(x, weights, biases) {
  const outputs = biases.length;
  const inputs = weights.length / outputs;
  const y = new Float32Array((x.length / inputs) * outputs);
  const row = new Row(inputs);
  for (let from = 0, to = 0; from < x.length; from += inputs, to += outputs) {
    row.load(x, from);
    row.multiply(weights, biases, y, to, 1);
  }
  return y;
}

/** dx = dy W, with dy (N, O) and dx (N, I). */
export function denseBackward(dy, weights, outputs) {
  const inputs = weights.length / outputs;
  const dx = new Float32Array((dy.length / outputs) * inputs);
  const sums = new Float64Array(inputs);
  for (let from = 0, to = 0; from < dy.length; from += outputs, to += inputs) {
    sums.fill(0);
    for (let output = 0; output < outputs; output++) {
      const slope = dy[from + output];
      const start = output * inputs;
      if (slope !== 0) for (let input = 0; input < inputs; input++) sums[input] += slope * weights[start + input];
    }
    dx.set(sums, to);
  }
  return dx;
}

/** A row of inputs without its zeros, which are most of a digit and half of the outputs of ReLU. */
export class Row {
  #values;
  #indices;
  #count = 0;

  constructor(inputs) {
    this.inputs = inputs;
    this.#values = new Float64Array(inputs);
    this.#indices = new Int32Array(inputs);
  }

  /** Load the row that begins at x[start]. */
  load(x, start) {
    let count = 0;
    for (let input = 0; input < this.inputs; input++) {
      const value = x[start + input];
      if (value === 0) continue;
      this.#values[count] = value;
      this.#indices[count++] = input;
    }
    this.#count = count;
  }

  /** Write weights · row + biases to y[start], y[start + step], …, four outputs at a time, which share each input. */
  multiply(weights, biases, y, start, step) {
    const [values, indices, count, inputs, outputs] = [this.#values, this.#indices, this.#count, this.inputs, biases.length];
    let output = 0;
    for (; output + 4 <= outputs; output += 4) {
      const first = output * inputs;
      const [second, third, fourth] = [first + inputs, first + 2 * inputs, first + 3 * inputs];
      let [a, b, c, d] = [biases[output], biases[output + 1], biases[output + 2], biases[output + 3]];
      for (let k = 0; k < count; k++) {
        const value = values[k];
        const index = indices[k];
        a += value * weights[first + index];
        b += value * weights[second + index];
        c += value * weights[third + index];
        d += value * weights[fourth + index];
      }
      const at = start + output * step;
      y[at] = a;
      y[at + step] = b;
      y[at + 2 * step] = c;
      y[at + 3 * step] = d;
    }
    for (; output < outputs; output++) {
      let sum = biases[output];
      for (let k = 0; k < count; k++) sum += values[k] * weights[output * inputs + indices[k]];
      y[start + output * step] = sum;
    }
  }
}

export const Dense = {
  fields: { units: integer(1, 1_000_000), weight_initializer: unused, bias_initializer: unused },

  parameterShapes({ units }, inputShape) {
    if (inputShape.length !== 1) throw new Error(`Dense takes flat inputs; got ${inputShape.join("×")}`);
    return { weights: [units, ...inputShape], biases: [units] };
  },

  outputShape: ({ units }) => [units],

  forward({ parameters: { weights, biases } }, x) {
    return {
      y: dense(x, weights.values, biases.values),
      backward: (dy) => denseBackward(dy, weights.values, biases.values.length),
    };
  },
};
