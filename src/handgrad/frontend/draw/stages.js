// A panel for each stage of the network: a layer with weights, and those after it up to the next one with weights.

import { Logits } from "handgrad/draw/logits.js";
import { Maps } from "handgrad/draw/maps.js";
import { Units } from "handgrad/draw/units.js";
import { element, panel } from "handgrad/elements.js";
import { IDENTITY, stages } from "handgrad/facts.js";

export class Stages {
  #views = []; // {stage, view, panel}
  element = element("div", { class: "stages" });

  /** Build the panels of a network; null: none. */
  setNetwork(network) {
    const found = network ? stages(network) : [];
    this.#views = [];
    found.forEach((stage, k) => {
      const last = k + 1 === found.length;
      const built = build(network, stage, k + 1, found[k + 1], last ? this.#views.at(-1)?.view : null);
      if (built) this.#views.push({ stage, ...built });
    });
    this.element.replaceChildren(...this.#views.map(({ panel }) => panel));
    for (const { view } of this.#views) view.mosaic?.fit(); // now, not after the first frame: nothing shifts
  }

  /** @param state  {trace, focus, name} or null */
  update(state) {
    for (const { stage, view } of this.#views) view.update(state && stateOf(state, stage));
  }
}

/** What a view shows: the inputs and the activations of its stage. */
function stateOf({ trace, focus, name }, { first, last }) {
  return { inputs: trace.activations[first], activations: trace.activations[last + 1], focus, name };
}

function build(network, stage, number, next, before) {
  const layer = network.layers[stage.first];
  const shape = network.layers[stage.last].outputShape;
  const dense = layer.parameters.weights?.shape.length === 2;
  if (dense && !next) return logitsPanel(network, stage, layer, before);
  const title = titleOf(layer, stage, number);
  if (shape.length === 3) {
    const note =
      "Light pixels are large activations. The map with the largest activations is enlarged; select another with the mouse or the arrow keys.";
    const view = new Maps({ layer, shape, title });
    return { view, panel: stagePanel(title, `${shape[0]} feature maps of ${shape[1]}×${shape[2]}`, note, view.element) };
  }
  return dense ? unitsPanel(network, stage, layer, title, shape, next) : null; // null: e.g. an activation of the input itself
}

function unitsPanel(network, stage, layer, title, shape, next) {
  const image = imageShape(network, stage.first);
  const last = next && next.last === network.layers.length - 1 ? network.layers[next.first] : null;
  const weights = last?.parameters.weights;
  const outgoing = weights?.shape.length === 2 && next.types.length === 1 && weights.shape[1] === shape[0] ? weights : null;
  const view = new Units({ layer, count: shape[0], image, outgoing, title });
  const count = shape[0].toLocaleString("en");
  const tiles = image
    ? "Each image shows a unit's weights: light positive, dark negative. Units with small activations fade."
    : "Each square is a unit: the lighter, the larger its activation.";
  const bars = outgoing ? " The bar below is its contribution to the class's logit: positive to the right, negative to the left." : "";
  const omitted = view.units.length < shape[0] ? ` Shown are the ${view.units.length} of ${count} with the largest weights.` : "";
  return { view, panel: stagePanel(title, `${count} units`, tiles + bars + omitted, view.element) };
}

function logitsPanel(network, stage, layer, before) {
  const view = new Logits({ layer, classes: network.classes, hidden: before?.outgoing ? before : null });
  const note =
    "Positive contributions to the right, negative to the left; the mark is their sum. The class with the largest logit has the largest probability.";
  const rest = stage.types.slice(1);
  return { view, panel: stagePanel(`Logits${rest.length ? ` before ${rest.join(" and ")}` : ""}`, "", note, view.element) };
}

function stagePanel(title, size, note, body) {
  const head = element("div", { class: "stage-head" }, element("h2", {}, title), element("p", { class: "note" }, size));
  return panel("stage", title, head, element("p", { class: "note stage-note" }, note), body);
}

/** The stage's number and layers, e.g. "Layer 1: Conv2D 5×5, MaxPool2D, ReLU". */
function titleOf(layer, { types }, number) {
  const shape = layer.parameters.weights?.shape;
  const kernel = shape?.length === 4 ? ` ${shape[2]}×${shape[3]}` : "";
  return `Layer ${number}: ${types[0]}${kernel}${types
    .slice(1)
    .map((type) => `, ${type}`)
    .join("")}`;
}

/** [height, width] where a layer's input is the image itself, of one channel; else null. */
function imageShape(network, first) {
  const shape = network.inputShape;
  const [height, width] = shape.length === 3 ? shape.slice(1) : [Math.sqrt(shape[0]), Math.sqrt(shape[0])];
  const direct = network.layers.slice(0, first).every(({ type }) => IDENTITY.has(type));
  return direct && network.layers[first].parameters.weights.shape[1] === height * width ? [height, width] : null;
}
