// One layer of the network in detail: its units or feature maps, or the logits, each with what it contributes.

import { Logits } from "handgrad/draw/logits.js";
import { Maps } from "handgrad/draw/maps.js";
import { Units } from "handgrad/draw/units.js";
import { element, panel } from "handgrad/elements.js";
import { IDENTITY, stages } from "handgrad/facts.js";

const count = (number) => number.toLocaleString("en");

export class LayerView {
  element = element("div", { class: "layer" });

  /** Show a stage of a network; null: none. */
  setStage(network, index) {
    const found = network ? stages(network) : [];
    this.stage = found[index];
    this.view = null;
    this.element.replaceChildren();
    if (!this.stage) return;
    const { view, title, note } = build(network, found, index);
    this.view = view;
    this.element.append(panel("stage", title, element("h2", {}, title), element("p", { class: "note stage-note" }, note), view.element));
  }

  /** @param state  {trace, focus, name} or null */
  update(state) {
    if (!this.view) return;
    const { first, last } = this.stage;
    this.view.update(
      state && {
        inputs: state.trace.activations[first],
        activations: state.trace.activations[last + 1],
        focus: state.focus,
        name: state.name,
      },
    );
  }
}

function build(network, found, index) {
  const stage = found[index];
  const layer = network.layers[stage.first];
  const shape = network.layers[stage.last].outputShape;
  const weights = layer.parameters.weights;
  const image = imageShape(network, stage.first);
  if (weights?.shape.length === 2 && index + 1 === found.length) return logits(network, stage, layer, image);
  const title = `Layer ${index + 1}: ${titleOf(layer, stage)}`;
  if (shape.length === 3) {
    const filters = weights?.shape.length === 4 && weights.shape[1] === 1 ? " Each is shown beside its filter." : "";
    return {
      view: new Maps({ layer, shape }),
      title,
      note: `${shape[0]} feature maps of ${shape[1]}×${shape[2]}.${filters} Blue activations are positive, orange ones negative.`,
    };
  }
  const next = found[index + 1];
  const last = next?.last === network.layers.length - 1 ? network.layers[next.first].parameters.weights : null;
  const outgoing = last?.shape.length === 2 && next.types.length === 1 && last.shape[1] === shape[0] ? last : null;
  const view = new Units({ layer, count: shape[0], image: weights ? image : null, outgoing });
  const order = outgoing ? "by contribution to the logit: activation × weight of the last layer" : "by activation";
  const images = view.image ? " The images are a unit's weights, and its weights × input: blue positive, orange negative." : "";
  return { view, title, note: `${count(shape[0])} units, sorted ${order}.${images}` };
}

function logits(network, stage, layer, image) {
  const rest = stage.types.slice(1);
  const outputs = network.task === "regression" ? "Outputs" : "Logits";
  const note =
    "Each logit is a sum, activation × weight and the bias: positive contributions to the right, negative ones to the left. The mark is their sum.";
  return {
    view: new Logits({ layer, classes: network.classes, image }),
    title: `${outputs}${rest.length ? ` before ${rest.join(" and ")}` : ""}`,
    note,
  };
}

/** The layers of a stage, e.g. "Conv2D 5×5, MaxPool2D, ReLU". */
function titleOf(layer, { types }) {
  const shape = layer.parameters.weights?.shape;
  const kernel = shape?.length === 4 ? ` ${shape[2]}×${shape[3]}` : "";
  return `${types[0]}${kernel}${types
    .slice(1)
    .map((type) => `, ${type}`)
    .join("")}`;
}

/** [height, width] where a layer's input is the image itself, of one channel; else null. */
function imageShape(network, first) {
  const shape = network.inputShape;
  const [height, width] = shape.length === 3 ? shape.slice(1) : [Math.sqrt(shape[0]), Math.sqrt(shape[0])];
  const direct = network.layers.slice(0, first).every(({ type }) => IDENTITY.has(type));
  return direct && network.layers[first].parameters.weights?.shape[1] === height * width ? [height, width] : null;
}
