// The graph of the network: its layers from left to right, each with its activations, small. Selecting one shows it below.

import { button, element } from "handgrad/elements.js";
import { stages } from "handgrad/facts.js";
import { largest, paint, signed, token } from "handgrad/images.js";
import { size } from "handgrad/model/shapes.js";

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
  const { inputShape, layers, task, classes } = network;
  const found = stages(network);
  const side = Math.sqrt(size(inputShape));
  const input = inputShape.length > 1 ? inputShape.slice(1).join("×") : `${count(inputShape[0])} values`;
  const stage = ({ first, last, types }, k) => {
    const shape = layers[last].outputShape;
    const parameters = layers.slice(first, found[k + 1]?.first).flatMap((layer) => Object.values(layer.parameters));
    const sum = parameters.reduce((total, { values }) => total + values.length, 0);
    const logits = k + 1 === found.length && shape.length === 1;
    const size = logits
      ? `${shape[0]} logits`
      : shape.length > 1
        ? `${shape[0]} × ${shape.slice(1).join("×")}`
        : `${count(shape[0])} units`;
    const draw = (canvas, trace) =>
      logits ? drawBars(canvas, trace?.activations[last + 1], shape[0], true) : drawCells(canvas, trace?.activations[last + 1], shape);
    return node(types.join(", "), [size, sum ? `${count(sum)} parameters` : "no parameters"], draw, () => select(k));
  };
  return [
    node("Input", [input], (canvas, trace) => drawCells(canvas, trace?.activations[0], [1, side, side])),
    ...found.map(stage),
    node(task === "multilabel" ? "Sigmoid" : "Softmax", ["probabilities"], (canvas, trace) =>
      drawBars(canvas, trace?.prediction, classes.length, false),
    ),
  ];
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

/** Draw a bar for each value, from the middle where they are signed. */
function drawBars(canvas, values, rows, centred) {
  const length = centred ? 120 : 200;
  const step = Math.max(2, Math.floor(192 / rows));
  canvas.width = centred ? 2 * length : length;
  canvas.height = rows * step;
  const context = canvas.getContext("2d");
  const most = centred ? largest(values ?? []) : 1;
  for (let k = 0; values && k < rows; k++) {
    context.fillStyle = token(values[k] < 0 ? "--negative" : "--positive");
    context.fillRect(centred ? length : 0, (k + 0.2) * step, (values[k] / most) * length, 0.6 * step);
  }
}
