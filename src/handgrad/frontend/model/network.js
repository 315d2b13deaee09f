// The network: layers in a row, as a model file has them, from values as the data set has them to probabilities.

import { readParts } from "handgrad/model/model_file.js";
import { readTensors } from "handgrad/model/safetensors.js";
import { size } from "handgrad/model/shapes.js";
import { softmax } from "handgrad/model/softmax.js";

const FLOATS = 2_000_000; // of one layer that are worked on at a time

/**
 * Read a network from a model file.
 * @param {ArrayBuffer} buffer  a model.safetensors or checkpoint.safetensors
 * @returns {Network}
 * @throws {Error} with one line, where the file is cut short, damaged, inconsistent, or no model that this page knows
 */
export function readModel(buffer) {
  const { tensors, metadata } = readTensors(buffer);
  return new Network(readParts(tensors, metadata));
}

export class Network {
  /**
   * @param {Object} parts  what `readParts` gives, which become properties:
   *   classes: string[], inputShape: number[], exampleShape: number[], framing: string, recipe: Object|null,
   *   scaling: Scaling|null, layers: {type, inputShape, outputShape, parameters: {name: {shape, values}}, …}[]
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.parameterCount = this.layers
      .flatMap((layer) => Object.values(layer.parameters))
      .reduce((sum, { values }) => sum + values.length, 0);
  }

  /**
   * Compute one example.
   * @param {Uint8Array|Float32Array} pixels  I values as the data set has them: 0–255 for images
   * @returns {{activations: {layer: number, type: string, shape: number[], values: Float32Array}[],
   *   logits: Float32Array, probabilities: Float32Array, backward: function(Float32Array): Float32Array}}
   *   the input (layer −1, scaled) and what each layer gives; `backward(dlogits)` gives dx, with respect to the scaled
   *   input
   */
  forward(pixels) {
    this.#check(pixels, 1);
    let x = this.#scaled(pixels);
    const activations = [{ layer: -1, type: "input", shape: this.inputShape, values: x }];
    const steps = [];
    this.layers.forEach(({ type, outputShape, forward }, layer) => {
      const { y, backward } = forward(x);
      activations.push({ layer, type, shape: outputShape, values: y });
      steps.push(backward);
      x = y;
    });
    const backward = (dlogits) => steps.reduceRight((dy, step) => step(dy), dlogits);
    return { activations, logits: x, probabilities: softmax(x), backward };
  }

  /**
   * Say how a class's logit changes with each input, by the chain rule: each layer's backward, the last layer's first.
   * @param {Object} trace  from `forward`
   * @param {number} classIndex
   * @returns {Float32Array} d logit / d x, I values, with respect to the scaled input
   */
  inputGradient(trace, classIndex) {
    const dlogits = new Float32Array(this.classes.length);
    dlogits[classIndex] = 1;
    return trace.backward(dlogits);
  }

  /**
   * Give the probability of each class for many examples.
   * @param {Uint8Array|Float32Array} pixels  count × I values as the data set has them
   * @param {number} count
   * @returns {Float32Array} count × C
   */
  predictProba(pixels, count) {
    const [inputs, classes] = [size(this.inputShape), this.classes.length];
    const widest = Math.max(inputs, ...this.layers.map(({ outputShape }) => size(outputShape)));
    const chunk = Math.max(1, Math.floor(FLOATS / widest));
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

  #scaled(raw) {
    return this.scaling ? this.scaling.scale(raw, this.inputShape) : new Float32Array(raw);
  }

  #check(pixels, count) {
    const inputs = size(this.inputShape);
    if (pixels.length !== count * inputs) {
      throw new Error(`the network takes ${inputs} inputs for each of ${count} examples; got ${pixels.length} values`);
    }
    const bytes = pixels instanceof Uint8Array;
    if (!bytes && !pixels.every(Number.isFinite)) throw new Error("the inputs hold values that are not finite numbers");
  }
}
