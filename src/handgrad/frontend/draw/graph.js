// The graph of the network: its layers from left to right, each with its activations, small. Selecting one shows it below.

import { button, element } from "handgrad/elements.js";
import { stages } from "handgrad/facts.js";
import { largest, paint, signed, token } from "handgrad/images.js";

const MAPS = 8; // feature maps that are shown
const PACE = 150; // milliseconds from one layer to the next
const MOTION = matchMedia("(prefers-reduced-motion: no-preference)");
const count = (number) => number.toLocaleString("en");

/** @param select  called with the index of a stage */
export function graphView(select) {
  let nodes = [];
  const frame = element("div", { class: "graph", role: "group", "aria-label": "Layers of the network. Select one to see its activations" });

  function setNetwork(network) {
    nodes = network ? nodesOf(network, select) : [];
    const link = () => element("span", { class: "link", "aria-hidden": "true" }, element("i"));
    frame.classList.toggle("long", nodes.length > 6);
    frame.replaceChildren(...nodes.flatMap(({ part }, k) => (k ? [link(), part] : [part])));
  }

  /**
   * @param trace     from `forward`, or null
   * @param selected  index of a stage
   * @param flows     whether the values flow through the layers, one after the other
   */
  function update(trace, selected, flows) {
    nodes.forEach(({ part, canvas, draw }, k) => {
      draw(canvas, trace);
      if (part.tagName === "BUTTON") part.setAttribute("aria-pressed", k - 1 === selected);
      if (!flows || !trace || !MOTION.matches) return;
      const timing = /** @type {const} */ ({ duration: 2 * PACE, delay: k * PACE, fill: "backwards", easing: "ease-out" });
      canvas.animate({ opacity: [0, 1], transform: ["translateX(-6px)", "none"] }, timing);
      const dot = part.previousElementSibling?.firstElementChild;
      dot?.animate({ left: ["0%", "100%"], opacity: [0, 1, 0] }, { ...timing, delay: (k - 1) * PACE });
    });
  }
  return { element: frame, setNetwork, update };
}

function nodesOf(network, select) {
  const { inputShape, layers, task, classes, takesDrawings } = network;
  const found = stages(network);
  const stage = ({ first, last, types }, k) => {
    const shape = layers[last].outputShape;
    const parameters = layers.slice(first, found[k + 1]?.first).flatMap((layer) => Object.values(layer.parameters));
    const sum = parameters.reduce((total, { values }) => total + values.length, 0);
    const ends = k + 1 === found.length && shape.length === 1;
    const unit = (!ends ? "unit" : task === "regression" ? "output" : "logit") + (shape[0] === 1 ? "" : "s");
    const size = shape.length > 1 ? `${shape[0]} × ${shape.slice(1).join("×")}` : `${count(shape[0])} ${unit}`;
    const draw = ends ? drawBars : drawCells;
    const lines = [size, sum ? `${count(sum)} parameters` : "no parameters"];
    const show = (canvas, trace) => draw(canvas, trace?.activations[last + 1], shape);
    return node(types.join(", "), lines, show, () => select(k));
  };
  const shape = takesDrawings ? [1, 28, 28] : inputShape;
  const input = inputShape.length > 1 ? inputShape.slice(1).join("×") : `${count(inputShape[0])} values`;
  const nodes = [node("Input", [input], (canvas, trace) => drawCells(canvas, trace?.activations[0], shape)), ...found.map(stage)];
  const name = task === "multilabel" ? "Sigmoid" : "Softmax";
  const draw = (canvas, trace) => drawBars(canvas, trace?.prediction, [classes.length], 1);
  return task === "regression" ? nodes : [...nodes, node(name, ["probabilities"], draw)];
}

function node(title, lines, draw, onclick = null) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const part = onclick ? button(canvas, onclick, { class: "node" }) : element("div", { class: "node" }, canvas);
  part.append(element("b", {}, title), ...lines.map((line) => element("span", {}, line)));
  return { part, canvas, draw };
}

/** Draw activations in cells: units in rows, or the first feature maps side by side. */
function drawCells(canvas, values, shape) {
  const images = shape.length === 3;
  const [maps, height, width] = images ? shape : [shape[0], 1, 1];
  const shown = images ? Math.min(MAPS, maps) : maps;
  const columns = images ? Math.ceil(shown / (shown > 3 ? 2 : 1)) : Math.ceil(Math.sqrt(2 * maps));
  const gap = Number(images && shown > 1);
  const [across, down] = [width + gap, height + gap];
  canvas.className = "pixels";
  canvas.width = columns * across - gap;
  canvas.height = Math.ceil(shown / columns) * down - gap;
  const most = largest(values ?? []);
  paint(canvas, (at) => {
    const [x, y] = [at % canvas.width, Math.floor(at / canvas.width)];
    const map = Math.floor(y / down) * columns + Math.floor(x / across);
    if (x % across >= width || y % down >= height || map >= shown) return 0; // transparent
    return signed(values ? values[(map * height + (y % down)) * width + (x % across)] / most : 0);
  });
}

/** Draw a bar for each value, from the left where the largest possible one is given, else from the middle. */
function drawBars(canvas, values, [rows], limit = 0) {
  const [width, step] = [220, Math.max(2, Math.floor(192 / rows))];
  canvas.width = width;
  canvas.height = rows * step;
  const context = canvas.getContext("2d");
  const length = limit ? width / limit : width / 2 / largest(values ?? []);
  values?.forEach((value, k) => {
    context.fillStyle = token(value < 0 ? "--negative" : "--positive");
    context.fillRect(limit ? 0 : width / 2, (k + 0.2) * step, value * length, 0.6 * step);
  });
}
