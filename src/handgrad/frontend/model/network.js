// The network of a model file: predictions, explanations, and one step of training.

import { readParts } from "handgrad/model/model_file.js";
import { Passes } from "handgrad/model/passes.js";
import { size } from "handgrad/model/shapes.js";

const CHUNK = 2_000_000; // values of the largest layer that are computed at a time

/**
 * Read a network from a model file.
 * @param {ArrayBuffer} buffer  a model.safetensors or checkpoint.safetensors
 * @returns {Network}
 * @throws {Error} with one line, where the file is truncated, inconsistent, or of another kind
 */
export const readModel = (buffer) => new Network(readParts(buffer));

export class Network {
  /** @type {Passes | null} */
  #passes = null;

  /** @param {import("handgrad/model/model_file.js").Parts} parts */
  constructor(parts) {
    this.classes = parts.classes;
    this.task = parts.task;
    this.inputShape = parts.inputShape;
    this.exampleShape = parts.exampleShape;
    this.features = parts.features;
    this.framing = parts.framing;
    this.recipe = parts.recipe;
    this.scaling = parts.scaling;
    this.targetScaling = parts.targetScaling;
    this.layers = parts.layers;
    this.metadata = parts.metadata;
    const parameters = this.layers.flatMap((layer) => Object.values(layer.parameters));
    this.parameterCount = parameters.reduce((sum, { values }) => sum + values.length, 0);
    const { shift, divisor } = this.scaling ?? { shift: [], divisor: [] };
    /** Whether inputs are bytes that stand for x / 255. */
    this.forBytes = divisor.length > 0 && shift.every((value) => value === 0) && divisor.every((value) => value === 255);
  }

  /** Whether it classifies drawings of 28×28 pixels; a form shows every other network. */
  get takesDrawings() {
    return size(this.inputShape) === 784 && (this.exampleShape.length > 1 || !this.features.length) && this.task !== "regression";
  }

  /** The parameters in the memory of the kernels, for float32, without arrays of earlier passes. */
  #ready() {
    this.#passes ??= new Passes(this);
    this.#passes.reset();
    return this.#passes;
  }

  /**
   * Compute one example.
   * @param {Uint8Array|Float32Array} raw  I raw values: 0–255 for images
   * @returns {{activations: Float32Array[], prediction: Float64Array}}
   *   the scaled input and the output of each layer, of which the last are the logits; the prediction as of `predict`
   */
  forward(raw) {
    const passes = this.#ready();
    const { layers, y } = passes.forward(passes.put(raw, 1));
    const values = layers.map((layer, k) => passes.memory.read(layer.y, size(this.layers[k].outputShape)));
    return { activations: [this.scaled(raw, Float32Array), ...values], prediction: this.#decide(passes, y, 1) };
  }

  /** Compute dx (I) of the scaled input of one example from dlogits (C), in float32. */
  inputGradient(raw, dlogits) {
    const passes = this.#ready();
    const run = passes.forward(passes.put(raw, 1, true));
    const dx = run.backward(passes.memory.put(dlogits));
    return passes.memory.read(dx, size(this.inputShape));
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
    const chunk = Math.max(1, Math.min(128, Math.floor(CHUNK / widest)));
    const found = new Float64Array(count * classes);
    for (let start = 0; start < count; start += chunk) {
      const n = Math.min(chunk, count - start);
      const passes = this.#ready();
      const { y } = passes.forward(passes.put(raw.subarray(start * inputs, (start + n) * inputs), n));
      found.set(this.#decide(passes, y, n), start * classes);
    }
    return found;
  }

  /** The predictions of n examples for the outputs of the last layer, at an address. */
  #decide({ memory }, y, n) {
    const classes = this.classes.length;
    if (this.task === "regression") {
      const { shift, divisor } = this.targetScaling ?? { shift: [0], divisor: [1] };
      const scaled = (value, k) => value * divisor[(k % classes) % divisor.length] + shift[(k % classes) % shift.length];
      return Float64Array.from(memory.view(y, n * classes), scaled);
    }
    const scores = memory.reals(n * classes);
    if (this.task === "multilabel") memory.call("sigmoid", n * classes, y, scores);
    else memory.call("softmax", n, classes, y, scores);
    return Float64Array.from(memory.view(scores, n * classes));
  }

  /**
   * Compute one example in float64, forward and back, as `handgrad explain` does.
   * @param {Uint8Array|Float32Array} raw  I raw values
   * @param {number} label  a class; the label whose presence is explained; or a target, whose own gradient is explained
   * @returns {{x: Float64Array, layers: {y: Float64Array, dx: Float64Array, argmax?: Uint8Array, gradients: Record<string, import("handgrad/model/model_file.js").Tensor>}[],
   *   prediction: Float64Array, loss: number|null, dlogits: Float64Array}}
   */
  trainingStep(raw, label) {
    const passes = new Passes(this, "f64");
    const { memory } = passes;
    const run = passes.forward(passes.put(raw, 1, true));
    const classes = this.classes.length;
    const logits = memory.read(run.y, classes);
    const prediction = this.#decide(passes, run.y, 1);
    const [losses, slopes] = [memory.reals(1), memory.reals(classes)];
    memory.view(slopes, classes).fill(0);
    if (this.task === "regression") memory.view(slopes, classes)[label] = this.targetScaling?.divisor[label] ?? 1;
    else if (this.task === "multilabel") {
      memory.call("binary_cross_entropy", 1, 1, memory.put([logits[label]]), memory.put([1]), losses, slopes + 8 * label);
    } else memory.call("softmax_cross_entropy", 1, classes, run.y, memory.put([BigInt(label)], BigInt64Array), 0, losses, slopes);
    const loss = this.task === "regression" ? null : memory.view(losses, 1)[0];
    const dlogits = memory.read(slopes, classes);
    let dy = slopes;
    const layers = run.layers.toReversed().map(({ y, argmax, backward }, k) => {
      const { inputShape, outputShape } = this.layers.at(-1 - k);
      dy = backward(dy);
      const best = argmax === undefined ? {} : { argmax: memory.read(argmax, size(outputShape), Uint8Array) };
      return { y: memory.read(y, size(outputShape)), dx: memory.read(dy, size(inputShape)), ...best };
    });
    const gradients = passes.copies("gradient");
    const withGradients = layers.reverse().map((layer, k) => ({ ...layer, gradients: gradients[k] }));
    return { x: this.scaled(raw, Float64Array), layers: withGradients, prediction, loss, dlogits };
  }

  /** The same network with other parameters: per layer {name: {shape, values}}. */
  withParameters(parameters) {
    const layers = this.layers.map((layer, k) => ({ ...layer, parameters: { ...layer.parameters, ...parameters[k] } }));
    return new Network({ ...this, layers });
  }

  /** x = (raw − shift) / divisor */
  scaled(raw, Type) {
    if (!this.scaling) return new Type(raw);
    const { shift, divisor } = this.scaling;
    return Type.from(raw, (value, k) => (value - shift[k % shift.length]) / divisor[k % divisor.length]);
  }
}
