// The network of a model file: from raw inputs to probabilities or targets, and back to the gradient of the input.

import { sigmoid } from "handgrad/model/layers/activations.js";
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
   *   classes: string[] (or labels, or targets), task: "classification"|"multilabel"|"regression",
   *   inputShape, exampleShape: number[], features: string[], framing: string, recipe: Object|null,
   *   scaling: {shift, divisor: Float64Array of 1 or I values}|null, targetScaling: the same of C values|null,
   *   layers: {type, inputShape, outputShape, parameters: {name: {shape, values}}, …}[]
   */
  constructor(parts) {
    Object.assign(this, parts);
    const parameters = this.layers.flatMap((layer) => Object.values(layer.parameters));
    this.parameterCount = parameters.reduce((sum, { values }) => sum + values.length, 0);
  }

  /** Whether it classifies drawings of 28×28 pixels; a form shows every other network. */
  get takesDrawings() {
    return size(this.inputShape) === 784 && (this.exampleShape.length > 1 || !this.features.length) && this.task !== "regression";
  }

  /**
   * Compute one example.
   * @param {Uint8Array|Float32Array} raw  I raw values: 0–255 for images
   * @returns {{activations: Float32Array[], prediction: Float32Array|Float64Array, backward: function(Float32Array): Float32Array}}
   *   the scaled input and the output of each layer, of which the last are the logits; the prediction as of `predict`;
   *   `backward(dlogits)` returns dx of the scaled input
   */
  forward(raw) {
    const activations = [this.#scaled(raw)];
    const backwards = this.layers.map((layer) => {
      const { y, backward } = layer.forward(activations.at(-1));
      activations.push(y);
      return backward;
    });
    const backward = (dlogits) => backwards.reduceRight((dy, layerBackward) => layerBackward(dy), dlogits);
    return { activations, prediction: this.#decide(activations.at(-1)), backward };
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
   * Predict many examples.
   * @param {Uint8Array|Float32Array|Float64Array} raw  count × I raw values
   * @param {number} count
   * @returns {Float64Array} count × C: the probabilities of classes or labels, or targets in units of the data
   */
  predict(raw, count) {
    const [inputs, classes] = [size(this.inputShape), this.classes.length];
    const widest = Math.max(inputs, ...this.layers.map(({ outputShape }) => size(outputShape)));
    const chunk = Math.max(1, Math.floor(CHUNK / widest));
    const found = new Float64Array(count * classes);
    for (let start = 0; start < count; start += chunk) {
      const end = Math.min(start + chunk, count);
      const logits = this.layers.reduce((x, layer) => layer.forward(x).y, this.#scaled(raw.subarray(start * inputs, end * inputs)));
      for (let k = 0; k < end - start; k++) {
        found.set(this.#decide(logits.subarray(k * classes, (k + 1) * classes)), (start + k) * classes);
      }
    }
    return found;
  }

  /** The prediction for the outputs of the last layer, of one example. */
  #decide(outputs) {
    if (this.task === "multilabel") return outputs.map(sigmoid);
    if (this.task !== "regression") return softmax(outputs);
    const { shift, divisor } = this.targetScaling ?? { shift: [0], divisor: [1] };
    return Float64Array.from(outputs, (value, k) => value * divisor[k % divisor.length] + shift[k % shift.length]);
  }

  /** x = (raw − shift) / divisor */
  #scaled(raw) {
    if (!this.scaling) return new Float32Array(raw);
    const { shift, divisor } = this.scaling;
    return Float32Array.from(raw, (value, k) => (value - shift[k % shift.length]) / divisor[k % divisor.length]);
  }
}
