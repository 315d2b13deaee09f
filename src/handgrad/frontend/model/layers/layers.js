// All layers of the library, by the names that a model file has for them.
//
// A layer has `fields` (its description's, with their checks), `outputShape(layer, inputShape)`, where it has
// parameters `parameterShapes(layer, inputShape)`, and `forward(layer, x)`, which gives
// {y: N × outputShape, backward(dy) → dx}. Shapes are those of one example; `layer` is what `placed` gives.

import { readFields } from "handgrad/model/fields.js";
import { GELU, LeakyReLU, ReLU, Sigmoid, Tanh } from "handgrad/model/layers/activations.js";
import { BatchNorm } from "handgrad/model/layers/batch_norm.js";
import { Conv2D } from "handgrad/model/layers/convolution.js";
import { Dense } from "handgrad/model/layers/dense.js";
import { Maxout } from "handgrad/model/layers/maxout.js";
import { AvgPool2D, MaxPool2D } from "handgrad/model/layers/pooling.js";
import { Dropout, Flatten } from "handgrad/model/layers/unchanged.js";
import { size } from "handgrad/model/shapes.js";

export const LAYERS = {
  AvgPool2D,
  BatchNorm,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  GELU,
  LeakyReLU,
  MaxPool2D,
  Maxout,
  ReLU,
  Sigmoid,
  Tanh,
};

const MOST = 50_000_000; // values of one example that a layer may give: more are a mistake, and no page holds them

/**
 * Place a layer behind what comes before it.
 * @param {Object} description  {type, …}, as the model file has it
 * @param {number[]} inputShape
 * @param {function(string, number[]): {shape: number[], values: Float32Array}} parameter  gives one by name and shape
 * @returns {Object} {type, inputShape, outputShape, parameters: {name: {shape, values}}, forward, …the fields}
 * @throws {Error} where the layer is unknown, or does not fit
 */
export function placed(description, inputShape, parameter) {
  const type = description?.type;
  if (typeof type !== "string" || !Object.hasOwn(LAYERS, type)) {
    throw new Error(`unknown layer '${type}'; this page knows ${Object.keys(LAYERS).join(", ")}`);
  }
  const kind = LAYERS[type];
  const layer = { ...readFields(description, kind.fields), type, inputShape };
  const shapes = Object.entries(kind.parameterShapes?.(layer, inputShape) ?? {});
  layer.outputShape = kind.outputShape(layer, inputShape);
  if (size(layer.outputShape) > MOST) throw new Error(`${type} gives more values than a page holds: ${layer.outputShape.join("×")}`);
  layer.parameters = Object.fromEntries(shapes.map(([name, shape]) => [name, parameter(name, shape)]));
  layer.forward = (x) => kind.forward(layer, x);
  return layer;
}
