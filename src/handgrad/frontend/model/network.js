// The network of a model file: from raw inputs to probabilities, and back to the gradient of the input.

import { readParts } from "handgrad/model/model_file.js";
import { size } from "handgrad/model/shapes.js";

const CHUNK = 2_000_000; // values of the largest layer that are computed at a time

/**
 * Read a network from a model file.
 * @param {ArrayBuffer} buffer  a model.safetensors or checkpoint.safetensors
 * @returns {Network}
 * @throws {Error} with one line, where the file is truncated, inconsistent, or of another kind
 */
export function readModel(buffer) {
  return new Network(readParts(buffer));
}

/** yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x) of one example; the maximum prevents overflow. */
function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const y = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = y.reduce((a, b) => a + b);
  return Float32Array.from(y, (value) => value / sum);
}

export class Network {
  /**
   * @param {Object} parts  the result of `readParts`, which become properties:
   *   classes: string[], inputShape: number[], framing: string, recipe: Object|null,
   *   scaling: {shift, divisor: Float64Array of 1 or I values}|null,
   *   layers: {type, inputShape, outputShape, parameters: {name: {shape, values}}, …}[]
   */
  constructor(parts) {
    Object.assign(this, parts);
    const parameters = this.layers.flatMap((layer) => Object.values(layer.parameters));
    this.parameterCount = parameters.reduce((sum, { values }) => sum + values.length, 0);
  }

  /**
   * Compute one example.
   * @param {Uint8Array|Float32Array} pixels  I raw values: 0–255 for images
   * @returns {{activations: Float32Array[], probabilities: Float32Array, backward: function(Float32Array): Float32Array}}
   *   the scaled input and the output of each layer, of which the last are the logits; `backward(dlogits)` returns dx of
   *   the scaled input
   */
  forward(pixels) {
    const activations = [this.#scaled(pixels)];
    const backwards = this.layers.map((layer) => {
      const { y, backward } = layer.forward(activations.at(-1));
      activations.push(y);
      return backward;
    });
    const backward = (dlogits) => backwards.reduceRight((dy, layerBackward) => layerBackward(dy), dlogits);
    return { activations, probabilities: softmax(activations.at(-1)), backward };
  }

  /**
   * Compute the gradient of a class's logit with respect to the scaled input.
   * @param {Object} trace  from `forward`
   * @param {number} classIndex
   * @returns {Float32Array} I values
   */
  inputGradient(trace, classIndex) {
    return trace.backward(Float32Array.from(this.classes, (_, index) => Number(index === classIndex)));
  }

  /**
   * Compute the probabilities of many examples.
   * @param {Uint8Array|Float32Array} pixels  count × I raw values
   * @param {number} count
   * @returns {Float32Array} count × C
   */
  predictProba(pixels, count) {
    const [inputs, classes] = [size(this.inputShape), this.classes.length];
    const widest = Math.max(inputs, ...this.layers.map(({ outputShape }) => size(outputShape)));
    const chunk = Math.max(1, Math.floor(CHUNK / widest));
    const probabilities = new Float32Array(count * classes);
    for (let start = 0; start < count; start += chunk) {
      const end = Math.min(start + chunk, count);
      const logits = this.layers.reduce((x, layer) => layer.forward(x).y, this.#scaled(pixels.subarray(start * inputs, end * inputs)));
      for (let k = 0; k < end - start; k++) {
        probabilities.set(softmax(logits.subarray(k * classes, (k + 1) * classes)), (start + k) * classes);
      }
    }
    return probabilities;
  }

  /** x = (raw − shift) / divisor */
  #scaled(raw) {
    if (!this.scaling) return new Float32Array(raw);
    const { shift, divisor } = this.scaling;
    return Float32Array.from(raw, (value, k) => (value - shift[k % shift.length]) / divisor[k % divisor.length]);
  }
}
