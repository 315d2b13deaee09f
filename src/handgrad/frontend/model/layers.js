// All layers of the library, by their names in model files: shapes, and calls of kernels.
//
// `forward(memory, layer, x, n)` returns the address y and `backward(dy) → dx`, which adds to the gradients of the
// layer's parameters. Arrays of flat examples are (N, I). Images lie with the batch last: (C, H, W, N). Weights of a dense
// layer are (I, O). `layer.at` has the addresses of parameters and statistics, `layer.gradient` those of the gradients.

import { same, size, transposed } from "handgrad/model/shapes.js";

const TILE = 64; // as in dense.c
const NARROW = 16;

/** The places of maxima are bytes. */
const MOST = { MaxPool2D: { pool_size: 16 }, Maxout: { pieces: 256 } };

const outputs = (sides, window, stride, padding = 0) => sides.map((side) => Math.floor((side + 2 * padding - window) / stride) + 1);
const unchanged = (_, shape) => shape;
const isImage = (shape) => shape.length > 1;

/** Layers that change no number in inference. */
export const IDENTITY = new Set(["Flatten", "Dropout"]);

/** Return (columns, rows) for an array (rows, columns). */
export function transpose(memory, x, rows, columns) {
  if (rows === 1 || columns === 1) return x;
  return memory.put(transposed(memory.view(x, rows * columns), rows, columns));
}

/**
 * A layer without parameters: a kernel of sizes, x, numbers and y, and its derivative of sizes, dy, what it `takes`, numbers
 * and dx. A kernel whose derivative takes the places of maxima, `argmax`, returns these, too.
 * @param {{name: string, takes?: "x" | "y" | "argmax" | "", sizes?: (layer: any, n: number) => number[],
 *   numbers?: (layer: any) => number[], outputShape?: (layer: any, shape: number[]) => number[]}} settings
 */
function parameterless({ name, takes = "x", sizes = everything, numbers = () => [], outputShape = unchanged }) {
  return {
    outputShape,
    forward(memory, layer, x, n) {
      const count = n * size(layer.outputShape);
      const y = memory.reals(count);
      const argmax = takes === "argmax" ? memory.allocate(Uint8Array, count) : undefined;
      const saved = { x: [x], y: [y], argmax: [argmax], "": [] }[takes];
      memory.call(name, ...sizes(layer, n), x, ...numbers(layer), y, ...(argmax ? saved : []));
      const backward = (dy) => {
        const dx = memory.reals(n * size(layer.inputShape));
        memory.call(`${name}_backward`, ...sizes(layer, n), dy, ...saved, ...numbers(layer), dx);
        return dx;
      };
      return { y, argmax, backward };
    },
  };
}

const everything = ({ inputShape }, n) => [n * size(inputShape)];

/** Stride 0 stands for the pool size. */
const pool = {
  sizes: ({ inputShape, pool_size, stride }, n) => [n, ...inputShape, pool_size, stride || pool_size],
  outputShape: ({ pool_size, stride }, [channels, ...sides]) => [channels, ...outputs(sides, pool_size, stride || pool_size)],
};

const maxoutSizes = ({ pieces, inputShape, outputShape: [units, ...image] }, n) =>
  isImage(inputShape) ? [units, pieces, size(image) * n] : [n * units, pieces, 1];

const denseScratch = (inputs, units) => 2 * (inputs + units + TILE + 1) * NARROW + ((inputs + 15) * TILE) / 4 + (units + 1) * inputs;

const Dense = {
  outputShape: ({ units }) => [units],
  parameterShapes: ({ units }, [inputs]) => ({ weights: [units, inputs], biases: [units] }),
  /** Bytes, which stand for x / 255, need no dx. */
  forward(memory, { units, inputShape: [inputs], at, gradient }, x, n, bytes = false) {
    const [y, scratch] = [memory.reals(n * units), memory.reals(denseScratch(inputs, units))];
    memory.call(bytes ? "dense_bytes" : "dense", n, inputs, units, x, at.weights, at.biases, y, scratch);
    const backward = (dy) => {
      const [dx, sums] = [bytes ? 0 : memory.reals(n * inputs), [gradient.weights, gradient.biases]];
      if (bytes) memory.call("dense_bytes_backward", n, inputs, units, dy, x, ...sums, scratch);
      else memory.call("dense_backward", n, inputs, units, dy, x, at.weights, ...sums, dx, scratch);
      return dx;
    };
    return { y, backward };
  },
};

const Conv2D = {
  outputShape: ({ filters, kernel_size: k, stride, padding }, [, ...sides]) => [filters, ...outputs(sides, k, stride, padding)],
  parameterShapes: ({ filters, kernel_size: k }, [channels]) => ({ weights: [filters, channels, k, k], biases: [filters] }),
  forward(memory, layer, x, n) {
    const { filters, kernel_size: k, stride, padding, inputShape, at, gradient } = layer;
    const [channels, , width] = inputShape;
    const sizes = [n, ...inputShape, filters, k, stride, padding];
    const packed = Math.max((filters + 7) * (channels * k * k + 1), (channels + 7) * (filters * k * k + 1));
    const scratch = memory.reals(packed + n * width + 64 * (channels * k * k + 4));
    const y = memory.reals(n * size(layer.outputShape));
    memory.call("convolution", ...sizes, x, at.weights, at.biases, y, scratch);
    const backward = (dy) => {
      const dx = memory.reals(n * size(inputShape));
      memory.call("convolution_backward", ...sizes, dy, x, at.weights, gradient.weights, gradient.biases, dx, scratch);
      return dx;
    };
    return { y, backward };
  },
};

const BatchNorm = {
  outputShape: unchanged,
  parameterShapes: (_, [channels]) => ({ gamma: [channels], beta: [channels] }),
  statisticShapes: (_, [channels]) => ({ mean: [channels], variance: [channels] }),
  /** As in inference, with the statistics of the training data. */
  forward(memory, { inputShape, epsilon, at, gradient }, x, n) {
    const [channels, ...image] = inputShape;
    const flat = !isImage(inputShape);
    const count = n * size(inputShape);
    const sizes = [channels, n * size(image), epsilon];
    const given = [at.mean, at.variance, at.gamma];
    const features = flat ? transpose(memory, x, n, channels) : x;
    const y = memory.reals(count);
    memory.call("batch_norm_inference", ...sizes, features, ...given, at.beta, y);
    const backward = (dy) => {
      const dx = memory.reals(count);
      const dfeatures = flat ? transpose(memory, dy, n, channels) : dy;
      memory.call("batch_norm_inference_backward", ...sizes, dfeatures, features, ...given, gradient.gamma, gradient.beta, dx);
      return flat ? transpose(memory, dx, channels, n) : dx;
    };
    return { y: flat ? transpose(memory, y, channels, n) : y, backward };
  },
};

const Flatten = {
  outputShape: (_, inputShape) => [size(inputShape)],
  forward(memory, { inputShape }, x, n) {
    const count = size(inputShape);
    if (!isImage(inputShape)) return { y: x, backward: (dy) => dy };
    return { y: transpose(memory, x, count, n), backward: (dy) => transpose(memory, dy, n, count) };
  },
};

/** As in inference: nothing is dropped. */
const Dropout = { outputShape: unchanged, forward: (_memory, _layer, x) => ({ y: x, backward: (dy) => dy }) };

export const LAYERS = {
  AvgPool2D: parameterless({ name: "average_pool", takes: "", ...pool }),
  BatchNorm,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  GELU: parameterless({ name: "gelu" }),
  LeakyReLU: parameterless({ name: "leaky_relu", numbers: ({ negative_slope }) => [negative_slope] }),
  MaxPool2D: parameterless({ name: "max_pool", takes: "argmax", ...pool }),
  Maxout: parameterless({
    name: "maxout",
    takes: "argmax",
    sizes: maxoutSizes,
    outputShape: ({ pieces }, [inputs, ...image]) => [inputs / pieces, ...image],
  }),
  ReLU: parameterless({ name: "relu" }),
  Sigmoid: parameterless({ name: "sigmoid", takes: "y" }),
  Tanh: parameterless({ name: "tanh", takes: "y" }),
};

/**
 * Build a layer from its description in a model file.
 * @param {any} description  {type, …fields}
 * @param {number[]} inputShape  of one example
 * @param {(name: string, shape: number[]) => import("handgrad/model/model_file.js").Tensor} tensor  returns one by its name
 * @returns {any} {type, …fields, inputShape, outputShape, parameters, statistics: {name: {shape, values}}}
 * @throws {Error} where the layer is unknown, or its tensors do not fit
 */
export function build(description, inputShape, tensor) {
  const { type } = description;
  if (!Object.hasOwn(LAYERS, type)) throw new Error(`unknown layer '${type}'; the page has ${Object.keys(LAYERS).join(", ")}`);
  const kind = LAYERS[type];
  for (const [field, most] of Object.entries(MOST[type] ?? {})) {
    if (description[field] > most) throw new Error(`${type} has ${field} ${description[field]}; the page computes ${most} at most`);
  }
  const outputShape = kind.outputShape(description, inputShape);
  if (!outputShape.every((side) => Number.isInteger(side) && side > 0))
    throw new Error(`${type} does not fit its input of shape ${inputShape}`);
  const read = ([name, wanted]) => {
    const found = tensor(name, wanted);
    if (!same(found.shape, wanted)) throw new Error(`${type} has ${name} of shape ${found.shape}, where the network needs ${wanted}`);
    return [name, found];
  };
  /** @type {(shapes?: (layer: any, shape: number[]) => object) => any} */
  const readAll = (shapes = () => ({})) => Object.fromEntries(Object.entries(shapes(description, inputShape)).map(read));
  const [parameters, statistics] = [readAll(kind.parameterShapes), readAll(kind.statisticShapes)];
  return { ...description, inputShape, outputShape, parameters, statistics };
}
