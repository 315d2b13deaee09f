// Inside the network: the graph of its layers, and the selected stage of it in detail.

import { graphView } from "handgrad/draw/graph.js";
import { logitsView, mapsView, unitsView } from "handgrad/draw/units.js";
import { element, panel } from "handgrad/elements.js";
import { stages } from "handgrad/facts.js";
import { onScheme } from "handgrad/images.js";
import { IDENTITY } from "handgrad/model/layers.js";

/** @returns its element, setNetwork(network or null), and update(shown, flows): trace or null, focus and name of a class */
export function insideView(store) {
  let network = null;
  let selected = 0; // index of a stage
  let view = null; // of this stage
  let shown = null;
  const graph = graphView((layer) => store.set({ layer }));
  const title = element("h2");
  const note = element("p", { class: "note stage-note" });
  const detail = element("div");
  const layer = element("section", { class: "layer stage panel", "aria-label": "Selected layer" }, title, note, detail);
  const whole = panel("inside", "The network", element("h2", {}, "Layer by layer"), graph.element, layer);

  function setNetwork(next) {
    network = next;
    shown = null;
    whole.hidden = !network;
    graph.setNetwork(network);
    setLayer();
  }

  function setLayer() {
    if (!network) return;
    selected = Math.min(store.state.layer ?? 0, stages(network).length - 1);
    const found = stageView(network, selected);
    [title.textContent, note.textContent, view] = [found.title, found.note, found.view];
    detail.replaceChildren(view.element);
    if (shown) update(shown);
  }

  function update(next, flows = false) {
    shown = next;
    if (!network) return;
    const { trace } = shown;
    graph.update(trace, selected, flows);
    const { first, last } = stages(network)[selected];
    view.update(trace && { ...shown, inputs: trace.activations[first], activations: trace.activations[last + 1] });
  }

  store.subscribe(["layer"], setLayer);
  onScheme(() => shown && update(shown));
  return { element: whole, setNetwork, update };
}

/** The view of a stage, with its title and an explanation. */
function stageView(network, index) {
  const found = stages(network);
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
    const view = logitsView({ layer, classes: network.classes, image });
    return { title: `${kind === "output" ? "Outputs" : "Logits"}${rest}`, note, view };
  }
  const kernel = weights?.shape.length === 4 ? ` ${weights.shape.slice(2).join("×")}` : "";
  const title = `Layer ${index + 1}: ${[types[0] + kernel, ...types.slice(1)].join(", ")}`;
  if (shape.length === 3) {
    const filters = weights?.shape.length === 4 && weights.shape[1] === 1 ? " Each is shown beside its filter." : "";
    const note = `${shape[0]} feature maps of ${shape[1]}×${shape[2]}.${filters} Blue activations are positive, orange ones negative.`;
    return { title, note, view: mapsView({ layer, shape }) };
  }
  const next = found[index + 1];
  const isLast = next?.last === network.layers.length - 1 && next.types.length === 1;
  const outputs = isLast ? network.layers[next.first].parameters.weights : null;
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
