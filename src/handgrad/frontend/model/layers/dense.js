// The dense layer: every output sees every input.

import { unread, whole } from "handgrad/model/fields.js";

/**
 * Weigh the inputs and add the biases: y = x Wᵀ + b.
 * @param {Float32Array} x        N × I
 * @param {Float32Array} weights  O × I
 * @param {Float32Array} biases   O
 * @returns {Float32Array} y, N × O
 */
export function dense(x, weights, biases) {
  const outputs = biases.length;
  const inputs = weights.length / outputs;
  const y = new Float32Array((x.length / inputs) * outputs);
  const row = new Row(inputs);
  for (let from = 0, to = 0; from < x.length; from += inputs, to += outputs) {
    row.take(x, from);
    row.weigh(weights, biases, y, to, 1);
  }
  return y;
}

/**
 * Pass the gradient back: dx = dy W.
 * @param {Float32Array} dy       N × O
 * @param {Float32Array} weights  O × I
 * @param {number} outputs        O
 * @returns {Float32Array} dx, N × I
 */
export function denseBackward(dy, weights, outputs) {
  const inputs = weights.length / outputs;
  const dx = new Float32Array((dy.length / outputs) * inputs);
  const sums = new Float64Array(inputs);
  for (let from = 0, to = 0; from < dy.length; from += outputs, to += inputs) {
    sums.fill(0);
    for (let output = 0; output < outputs; output++) {
      const share = dy[from + output];
      const start = output * inputs;
      if (share !== 0) for (let input = 0; input < inputs; input++) sums[input] += share * weights[start + input];
    }
    dx.set(sums, to);
  }
  return dx;
}

/** A row of inputs without its zeros, which are most of a digit and half of what ReLU lets through. */
export class Row {
  #values;
  #places;
  #count = 0;

  constructor(inputs) {
    this.inputs = inputs;
    this.#values = new Float64Array(inputs);
    this.#places = new Int32Array(inputs);
  }

  /** Take the row of `x` that begins at `start`. */
  take(x, start) {
    let count = 0;
    for (let input = 0; input < this.inputs; input++) {
      const value = x[start + input];
      if (value === 0) continue;
      this.#values[count] = value;
      this.#places[count++] = input;
    }
    this.#count = count;
  }

  /** Write biases + weights · row into y[start], y[start + step], …: four outputs at a time, which share each input. */
  weigh(weights, biases, y, start, step) {
    const [values, places, count, inputs, outputs] = [this.#values, this.#places, this.#count, this.inputs, biases.length];
    let output = 0;
    for (; output + 4 <= outputs; output += 4) {
      const first = output * inputs;
      const [second, third, fourth] = [first + inputs, first + 2 * inputs, first + 3 * inputs];
      let [a, b, c, d] = [biases[output], biases[output + 1], biases[output + 2], biases[output + 3]];
      for (let k = 0; k < count; k++) {
        const value = values[k];
        const place = places[k];
        a += value * weights[first + place];
        b += value * weights[second + place];
        c += value * weights[third + place];
        d += value * weights[fourth + place];
      }
      const at = start + output * step;
      y[at] = a;
      y[at + step] = b;
      y[at + 2 * step] = c;
      y[at + 3 * step] = d;
    }
    for (; output < outputs; output++) {
      let sum = biases[output];
      for (let k = 0; k < count; k++) sum += values[k] * weights[output * inputs + places[k]];
      y[start + output * step] = sum;
    }
  }
}

export const Dense = {
  fields: { units: whole(1, 1_000_000), weight_initializer: unread, bias_initializer: unread },

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
