// All layers of the library, by their names in model files.
//
// A layer has `outputShape(layer, inputShape)`, `parameterShapes(layer, inputShape)` and `statisticShapes` where it has
// any, and `forward(layer, x)`, which returns {y: N × outputShape, backward(dy) → dx}. Shapes are those of one example;
// `layer` is the result of `build`.

import { GELU, LeakyReLU, ReLU, Sigmoid, Tanh } from "handgrad/model/layers/activations.js";
import { BatchNorm } from "handgrad/model/layers/batch_norm.js";
import { Conv2D } from "handgrad/model/layers/convolution.js";
import { Dense } from "handgrad/model/layers/dense.js";
import { AvgPool2D, Maxout, MaxPool2D } from "handgrad/model/layers/pooling.js";
import { same, size } from "handgrad/model/shapes.js";

const unchanged = (layer, x) => ({ y: x, backward: (dy) => dy });
const Flatten = { outputShape: (layer, inputShape) => [size(inputShape)], forward: unchanged };
const Dropout = { outputShape: (layer, inputShape) => inputShape, forward: unchanged }; // in inference

export const LAYERS = { AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, GELU, LeakyReLU, MaxPool2D, Maxout, ReLU, Sigmoid, Tanh };

/**
 * Build a layer from its description in a model file.
 * @param {Object} description  {type, …fields}
 * @param {number[]} inputShape
 * @param {function(string): {shape: number[], values: Float32Array}} tensor  returns one by its name
 * @returns {Object} {type, …fields, inputShape, outputShape, parameters, statistics: {name: {shape, values}}, forward}
 * @throws {Error} where the layer is unknown, or its tensors do not fit
 */
export function build(description, inputShape, tensor) {
  const { type } = description;
  if (!Object.hasOwn(LAYERS, type)) throw new Error(`unknown layer '${type}'; the page has ${Object.keys(LAYERS).join(", ")}`);
  const kind = LAYERS[type];
  const layer = { ...description, inputShape, outputShape: kind.outputShape(description, inputShape) };
  const read = ([name, wanted]) => {
    const found = tensor(name);
    if (!same(found.shape, wanted)) throw new Error(`${type} has ${name} of shape ${found.shape}, where the network needs ${wanted}`);
    return [name, found];
  };
  const readAll = (shapes = () => ({})) => Object.fromEntries(Object.entries(shapes(description, inputShape)).map(read));
  layer.parameters = readAll(kind.parameterShapes);
  layer.statistics = readAll(kind.statisticShapes);
  layer.forward = (x) => kind.forward(layer, x);
  return layer;
}
