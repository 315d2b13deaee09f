// What a network is, in a few words.

import { size } from "handgrad/model/shapes.js";

/** Layers that do something to parameters' outputs, but whose output is the same numbers: not worth a word. */
export const SILENT = new Set(["Flatten", "Dropout"]);

/** Group the layers into stages: one with weights, and what follows it up to the next with weights. */
export function stages(network) {
  const found = [];
  network.layers.forEach((layer, index) => {
    const weights = layer.parameters?.weights;
    if (weights || !found.length) found.push({ first: index, last: index, types: [] });
    const stage = found.at(-1);
    if (SILENT.has(layer.type)) return;
    stage.types.push(layer.type);
    stage.last = index; // the last that changes numbers: what the next stage gets
  });
  return found.filter((stage) => stage.types.length);
}

/** Such as 784-128-10, or 28×28 → 16 → 32 → 128 → 10: what goes in, and the units or maps of each stage. */
export function architecture(network) {
  const shapes = stages(network).map((stage) => network.layers[stage.last].outputShape);
  const images = shapes.some((shape) => shape.length > 1);
  const input = images ? network.inputShape.slice(1).join("×") : String(size(network.inputShape));
  return [input, ...shapes.map(([units]) => units)].join(images ? " → " : "-");
}
