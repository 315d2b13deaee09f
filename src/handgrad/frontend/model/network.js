// The network of a model file: from raw inputs to probabilities, and back to the gradient of the input.

import { readParts } from "handgrad/model/model_file.js";
import { readTensors } from "handgrad/model/safetensors.js";
import { size } from "handgrad/model/shapes.js";

const CHUNK = 2_000_000; // values of the largest layer that are computed at a time

/**
 * Read a network from a model file.
 * @param {ArrayBuffer} buffer  a model.safetensors or checkpoint.safetensors
 * @returns {Network}
 * @throws {Error} with one line, where the file is truncated, inconsistent, or of another kind
 */
export function readModel(buffer) {
  const { tensors, metadata } = readTensors(buffer);
  return new Network(readParts(tensors, metadata));
}

/** yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x) of one example; the maximum prevents overflow. */
export function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const y = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = y.reduce((a, b) => a + b);
  return Float32Array.from(y, (value) => value / sum);
}

export class Network {
  /**
   * @param {Object} parts  the result of `readParts`, which become properties:
   *   classes: string[], inputShape: number[], exampleShape: number[], framing: string, recipe: Object|null,
   *   scaling: {shift, divisor: Float64Array of 1 or I values}|null, layers: {type, inputShape, outputShape, parameters: {name: {shape, values}}, …}[]
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.parameterCount = this.layers
      .flatMap((layer) => Object.values(layer.parameters))
      .reduce((sum, { values }) => sum + values.length, 0);
  }

  /**
   * Compute one example.
   * @param {Uint8Array|Float32Array} pixels  I raw values: 0–255 for images
   * @returns {{activations: {layer: number, type: string, shape: number[], values: Float32Array}[],
   *   logits: Float32Array, probabilities: Float32Array, backward: function(Float32Array): Float32Array}}
   *   the scaled input (layer −1) and the output of each layer; `backward(dlogits)` returns dx of the scaled input
   */
  forward(pixels) {
    this.#check(pixels, 1);
    let x = this.#scaled(pixels);
    const activations = [{ layer: -1, type: "input", shape: this.inputShape, values: x }];
    const backwards = [];
    this.layers.forEach(({ type, outputShape, forward }, layer) => {
      const { y, backward } = forward(x);
      activations.push({ layer, type, shape: outputShape, values: y });
      backwards.push(backward);
      x = y;
    });
    const backward = (dlogits) => backwards.reduceRight((dy, layerBackward) => layerBackward(dy), dlogits);
    return { activations, logits: x, probabilities: softmax(x), backward };
  }

  /**
   * Compute the gradient of a class's logit with respect to the scaled input.
   * @param {Object} trace  from `forward`
   * @param {number} classIndex
   * @returns {Float32Array} I values
   */
  inputGradient(trace, classIndex) {
    const dlogits = new Float32Array(this.classes.length);
    dlogits[classIndex] = 1;
    return trace.backward(dlogits);
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
    this.#check(pixels, count);
    const probabilities = new Float32Array(count * classes);
    for (let start = 0; start < count; start += chunk) {
      const examples = Math.min(chunk, count - start);
      let x = this.#scaled(pixels.subarray(start * inputs, (start + examples) * inputs));
      for (const layer of this.layers) x = layer.forward(x).y;
      for (let k = 0; k < examples; k++) {
        probabilities.set(softmax(x.subarray(k * classes, (k + 1) * classes)), (start + k) * classes);
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

  #check(pixels, count) {
    const inputs = size(this.inputShape);
    if (pixels.length !== count * inputs) {
      throw new Error(`the network takes ${inputs} inputs for each of ${count} examples; got ${pixels.length} values`);
    }
    if (!(pixels instanceof Uint8Array) && !pixels.every(Number.isFinite)) throw new Error("the inputs have values that are not finite");
  }
}
