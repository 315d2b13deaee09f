// All layers of the library, by their names in model files.
//
// A layer has `fields` (with their checks), `outputShape(layer, inputShape)`, `parameterShapes(layer, inputShape)` and
// `statisticShapes(layer, inputShape)` where it has any, and `forward(layer, x)`, which returns
// {y: N × outputShape, backward(dy) → dx}. Shapes are those of one example; `layer` is the result of `build`.

import { readFields } from "handgrad/model/fields.js";
import { GELU, LeakyReLU, ReLU, Sigmoid, Tanh } from "handgrad/model/layers/activations.js";
import { BatchNorm } from "handgrad/model/layers/batch_norm.js";
import { Conv2D } from "handgrad/model/layers/convolution.js";
import { Dense } from "handgrad/model/layers/dense.js";
import { Dropout, Flatten } from "handgrad/model/layers/identity.js";
import { AvgPool2D, Maxout, MaxPool2D } from "handgrad/model/layers/pooling.js";
import { size } from "handgrad/model/shapes.js";

export const LAYERS = { AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, GELU, LeakyReLU, MaxPool2D, Maxout, ReLU, Sigmoid, Tanh };

const MAX_OUTPUT = 50_000_000; // values per example

/**
 * Build a layer from its description in a model file.
 * @param {Object} description  {type, …}
 * @param {number[]} inputShape
 * @param {function(string, number[]): {shape: number[], values: Float32Array}} tensor  returns one by name and shape
 * @returns {Object} {type, inputShape, outputShape, parameters, statistics: {name: {shape, values}}, forward, …fields}
 * @throws {Error} where the layer is unknown, or does not fit
 */
export function build(description, inputShape, tensor) {
  const type = description?.type;
  if (typeof type !== "string" || !Object.hasOwn(LAYERS, type)) {
    throw new Error(`unknown layer '${type}'; known layers: ${Object.keys(LAYERS).join(", ")}`);
  }
  const kind = LAYERS[type];
  const layer = { ...readFields(description, kind.fields), type, inputShape };
  const [parameters, statistics] = [kind.parameterShapes, kind.statisticShapes].map((shapes) => Object.entries(shapes?.(layer, inputShape) ?? {}));
  layer.outputShape = kind.outputShape(layer, inputShape);
  if (size(layer.outputShape) > MAX_OUTPUT) throw new Error(`${type} has too large an output: ${layer.outputShape.join("×")}`);
  const read = (shapes) => Object.fromEntries(shapes.map(([name, shape]) => [name, tensor(name, shape)]));
  [layer.parameters, layer.statistics] = [read(parameters), read(statistics)];
  layer.forward = (x) => kind.forward(layer, x);
  return layer;
}
