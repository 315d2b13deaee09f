// The layers as they fire, stage after stage: each layer with weights, and what follows it up to the next.

import { element } from "handgrad/elements.js";
import { Maps } from "handgrad/draw/maps.js";
import { Outputs } from "handgrad/draw/outputs.js";
import { Units } from "handgrad/draw/units.js";
import { stages } from "handgrad/facts.js";

export class Inside {
  #stages = [];
  element = element("div", { class: "inside" });

  /** Build the panels of another network, or none. */
  setNetwork(network) {
    const found = network ? stages(network) : [];
    const built = [];
    found.forEach((stage, k) => {
      const views = build(network, stage, found[k + 1], k + 1 === found.length ? built.at(-1) : null);
      if (views) built.push({ stage, ...views });
    });
    this.#stages = built;
    this.element.replaceChildren(...built.map(({ panel }) => panel));
  }

  /** @param state  {trace, focus, name} or null */
  update(state) {
    for (const { stage, view } of this.#stages) view.update(state && forStage(state, stage, view));
  }
}

function forStage({ trace, focus, name }, stage, view) {
  const values = (layer) => trace.activations.find((activation) => activation.layer === layer).values;
  const inputs = values(stage.first - 1);
  return { activations: view.takesInputs ? inputs : values(stage.last), inputs, focus, name };
}

function build(network, stage, next, hidden) {
  const layer = network.layers[stage.first];
  const shape = network.layers[stage.last].outputShape;
  const dense = layer.parameters?.weights?.shape.length === 2;
  if (dense && !next) return outputsPanel(network, stage, layer, hidden?.view);
  if (shape.length === 3) {
    const title = titleOf(network, stage);
    const view = new Maps({ layer, shape, title });
    const note = "White is where a filter fires. The map that fires most is shown large; point at another, or pick it with the arrow keys.";
    return { view, panel: panel(title, `${shape[0]} maps of ${shape[1]}×${shape[2]}`, note, view.element) };
  }
  if (!dense) return null; // such as an activation on the picture itself
  return unitsPanel(network, stage, layer, shape, next);
}

function unitsPanel(network, stage, layer, shape, next) {
  const image = looksAtImage(network, stage.first);
  const last = next && next.last === network.layers.length - 1 ? network.layers[next.first] : null;
  const following = last?.parameters?.weights;
  const outgoing = following?.shape.length === 2 && next.types.length === 1 && following.shape[1] === shape[0] ? following : null;
  const title = titleOf(network, stage);
  const view = new Units({ layer, count: shape[0], image, outgoing, title });
  const left = view.units.length < shape[0] ? ` The ${view.units.length} of ${shape[0].toLocaleString("en")} with the largest weights.` : "";
  const tiles = image
    ? "Each picture is a unit's weights: light pixels speak for firing, dark ones against it. Units that stay silent fade."
    : "Each square is a unit: the lighter, the more it fires.";
  const bars = outgoing ? " The bar below: to the right it speaks for the class, to the left against it." : "";
  return { view, panel: panel(title, `${shape[0].toLocaleString("en")} units`, tiles + bars + left, view.element) };
}

function outputsPanel(network, stage, layer, before) {
  const hidden = before?.outgoing ? before : null;
  const view = new Outputs({ layer, classes: network.classes, hidden });
  view.takesInputs = true;
  const note =
    "All that speaks for a class reaches to the right, all against it to the left; the mark is the sum. The larger the sum, the more probable the class.";
  const changed = stage.types.slice(1); // what is done to the sums afterwards; nothing, as a rule
  const title = `What each output added up${changed.length ? `, before ${changed.join(" and ")}` : ""}`;
  return { view, panel: panel(title, "", note, view.element) };
}

function panel(title, size, note, body) {
  return element(
    "section",
    { class: "panel stage", "aria-label": title },
    element("div", { class: "stage-head" }, element("h2", {}, title), element("p", { class: "note" }, size)),
    element("p", { class: "note stage-note" }, note),
    body,
  );
}

/** Such as "1 Conv2D 5×5, MaxPool2D, ReLU": the stage's number, and its layers. */
function titleOf(network, stage) {
  const number = stages(network).findIndex(({ first }) => first === stage.first) + 1;
  const shape = network.layers[stage.first].parameters?.weights?.shape;
  const window = shape?.length === 4 ? ` ${shape[2]}×${shape[3]}` : "";
  return `Layer ${number}: ${stage.types[0]}${window}${stage.types.slice(1).map((type) => `, ${type}`).join("")}`;
}

/** [height, width] where nothing but silent layers lies between the image and this layer, and it has one channel. */
function looksAtImage(network, first) {
  const shape = network.inputShape;
  const [height, width] = shape.length === 3 ? shape.slice(1) : [Math.sqrt(shape[0]), Math.sqrt(shape[0])];
  const inputs = network.layers[first].parameters.weights.shape[1];
  const before = network.layers.slice(0, first).every((layer) => layer.type === "Flatten" || layer.type === "Dropout");
  return before && inputs === height * width ? [height, width] : null;
}
