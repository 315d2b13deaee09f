// One layer of the network in detail, with a title and an explanation.

import { logitsView, mapsView, unitsView } from "handgrad/draw/units.js";
import { element, panel } from "handgrad/elements.js";
import { IDENTITY, stages } from "handgrad/facts.js";

/** Show a stage of a network: an element, and `update(state)` with the trace, the focus and the name of a class, or null. */
export function layerView(network, index) {
  const found = stages(network);
  const { title, note, view } = build(network, found, index);
  const { first, last } = found[index];
  const update = (state) =>
    view.update(state && { ...state, inputs: state.trace.activations[first], activations: state.trace.activations[last + 1] });
  return {
    element: panel("stage", title, element("h2", {}, title), element("p", { class: "note stage-note" }, note), view.element),
    update,
  };
}

function build(network, found, index) {
  const { first, last, types } = found[index];
  const layer = network.layers[first];
  const shape = network.layers[last].outputShape;
  const weights = layer.parameters.weights;
  const image = imageShape(network, first);
  const kind = network.task === "regression" ? "output" : "logit";
  if (weights?.shape.length === 2 && index + 1 === found.length) {
    const rest = types.length > 1 ? ` before ${types.slice(1).join(" and ")}` : "";
    const unit = kind === "output" ? ", in deviations of the training data," : "";
    const note = `Each ${kind}${unit} is a sum, activation × weight and the bias: blue contributions raise it, orange ones lower it. The mark is the sum.`;
    return {
      title: `${kind === "output" ? "Outputs" : "Logits"}${rest}`,
      note,
      view: logitsView({ layer, classes: network.classes, image }),
    };
  }
  const kernel = weights?.shape.length === 4 ? ` ${weights.shape.slice(2).join("×")}` : "";
  const title = `Layer ${index + 1}: ${[types[0] + kernel, ...types.slice(1)].join(", ")}`;
  if (shape.length === 3) {
    const filters = weights?.shape.length === 4 && weights.shape[1] === 1 ? " Each is shown beside its filter." : "";
    const note = `${shape[0]} feature maps of ${shape[1]}×${shape[2]}.${filters} Blue activations are positive, orange ones negative.`;
    return { title, note, view: mapsView({ layer, shape }) };
  }
  const next = found[index + 1];
  const outputs =
    next?.last === network.layers.length - 1 && next.types.length === 1 ? network.layers[next.first].parameters.weights : null;
  const outgoing = outputs?.shape.length === 2 && outputs.shape[1] === shape[0] ? outputs : null;
  const order = outgoing ? `by contribution to the ${kind}: activation × weight of the last layer` : "by activation";
  const images = image ? " The images are a unit's weights, and its weights × input: blue positive, orange negative." : "";
  const note = `${shape[0].toLocaleString("en")} units, sorted ${order}.${images}`;
  return { title, note, view: unitsView({ layer, count: shape[0], image, outgoing }) };
}

/** [height, width] where a layer's input is the image itself, of one channel; else null. */
function imageShape(network, first) {
  const shape = network.inputShape;
  const [height, width] = shape.length === 3 ? shape.slice(1) : [Math.sqrt(shape[0]), Math.sqrt(shape[0])];
  const direct = network.takesDrawings && network.layers.slice(0, first).every(({ type }) => IDENTITY.has(type));
  return direct && network.layers[first].parameters.weights?.shape[1] === height * width ? [height, width] : null;
}
