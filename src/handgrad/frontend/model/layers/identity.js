// Layers that change no number in inference.

import { number } from "handgrad/model/fields.js";
import { size } from "handgrad/model/shapes.js";

const forward = (layer, x) => ({ y: x, backward: (dy) => dy });

export const Flatten = { fields: {}, outputShape: (layer, inputShape) => [size(inputShape)], forward };

export const Dropout = {
  fields: { rate: number((rate) => rate >= 0 && rate < 1, "from 0 to below 1", 0.5) },
  outputShape: (layer, inputShape) => inputShape,
  forward,
};
