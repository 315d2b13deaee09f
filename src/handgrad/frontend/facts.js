// A network in a few words.

import { IDENTITY } from "handgrad/model/layers.js";
import { size } from "handgrad/model/shapes.js";

/** The classes where there is no network yet. */
export const DIGITS = [..."0123456789"];

/** Group the layers into stages: a layer with weights, and those after it up to the next one with weights. */
export function stages(network) {
  const found = [];
  network.layers.forEach((layer, index) => {
    if (layer.parameters.weights || !found.length) found.push({ first: index, last: index, types: [] });
    const stage = found.at(-1);
    if (IDENTITY.has(layer.type)) return;
    stage.types.push(layer.type);
    stage.last = index;
  });
  return found.filter((stage) => stage.types.length);
}

/** The input and the units or channels of each stage, e.g. 784-128-10 or 28×28 → 16 → 32 → 128 → 10. */
export function architecture(network) {
  const shapes = stages(network).map((stage) => network.layers[stage.last].outputShape);
  const images = shapes.some((shape) => shape.length > 1);
  const input = images ? network.inputShape.slice(1).join("×") : String(size(network.inputShape));
  return [input, ...shapes.map(([units]) => units)].join(images ? " → " : "-");
}
