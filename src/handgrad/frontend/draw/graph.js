// The graph of the network: its layers from left to right, each with its activations, small. Selecting one shows it below.

import { button, element } from "handgrad/elements.js";
import { stages } from "handgrad/facts.js";
import { largest, paint, signed } from "handgrad/images.js";
import { size } from "handgrad/model/shapes.js";

const MAPS = 8; // feature maps that are shown
const PACE = 150; // milliseconds from one layer to the next
const MOTION = matchMedia("(prefers-reduced-motion: no-preference)");
const count = (number) => number.toLocaleString("en");

export class Graph {
  #nodes = []; // {part, canvas, link, draw(trace)}

  /** @param select  called with the index of a stage */
  constructor(select) {
    this.select = select;
    this.element = element("div", {
      class: "graph",
      role: "group",
      "aria-label": "Layers of the network. Select one to see its activations",
    });
  }

  setNetwork(network) {
    const found = network ? stages(network) : [];
    this.#nodes = network
      ? [inputNode(network), ...found.map((stage, k) => this.#stageNode(network, stage, found, k)), outputNode(network)]
      : [];
    this.element.replaceChildren(...this.#nodes.flatMap(({ link, part }, k) => (k ? [link, part] : [part])));
  }

  /**
   * @param trace     from `forward`, or null
   * @param selected  index of a stage
   * @param flows     whether the values flow through the layers, one after the other
   */
  update(trace, selected, flows) {
    this.#nodes.forEach(({ part, canvas, link, draw }, k) => {
      draw(trace);
      if (part.tagName === "BUTTON") part.setAttribute("aria-pressed", k - 1 === selected);
      if (!flows || !trace || !MOTION.matches) return;
      const timing = { duration: 2 * PACE, delay: k * PACE, fill: "backwards", easing: "ease-out" };
      canvas.animate(
        [
          { opacity: 0, transform: "translateX(-6px)" },
          { opacity: 1, transform: "none" },
        ],
        timing,
      );
      link.firstChild.animate(
        [
          { left: "0%", opacity: 0 },
          { opacity: 1, offset: 0.3 },
          { left: "100%", opacity: 0 },
        ],
        { ...timing, delay: (k - 1) * PACE },
      );
    });
  }

  #stageNode(network, { first, last, types }, all, k) {
    const shape = network.layers[last].outputShape;
    const end = all[k + 1]?.first ?? network.layers.length;
    const parameters = network.layers.slice(first, end).flatMap((layer) => Object.values(layer.parameters));
    const sum = parameters.reduce((total, { values }) => total + values.length, 0);
    const logits = k + 1 === all.length && shape.length === 1;
    const text = logits
      ? `${count(shape[0])} ${network.task === "regression" ? "outputs" : "logits"}`
      : shape.length > 1
        ? `${shape[0]} × ${shape.slice(1).join("×")}`
        : `${count(shape[0])} units`;
    const draw = logits
      ? (canvas, trace) => drawBars(canvas, trace?.activations[last + 1], shape[0], true)
      : (canvas, trace) => drawActivations(canvas, trace?.activations[last + 1], shape);
    return node(types.join(", "), [text, sum ? `${count(sum)} parameters` : "no parameters"], draw, () => this.select(k));
  }
}

function inputNode({ inputShape }) {
  const side = Math.sqrt(size(inputShape));
  return node("Input", [inputShape.length > 1 ? inputShape.slice(1).join("×") : `${count(inputShape[0])} values`], (canvas, trace) =>
    drawActivations(canvas, trace?.activations[0], [1, side, side]),
  );
}

function outputNode({ task, classes }) {
  return node(task === "multilabel" ? "Sigmoid" : "Softmax", ["probabilities"], (canvas, trace) =>
    drawBars(canvas, trace?.prediction, classes.length, false),
  );
}

function node(title, lines, draw, onclick = null) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const text = [element("b", {}, title), ...lines.map((line) => element("span", {}, line))];
  const part = onclick ? button(canvas, onclick, { class: "node" }) : element("div", { class: "node" }, canvas);
  part.append(...text);
  return {
    part,
    canvas,
    link: element("span", { class: "link", "aria-hidden": "true" }, element("i")),
    draw: (trace) => draw(canvas, trace),
  };
}

/** Draw activations in cells: units in rows, or the first feature maps side by side. */
function drawActivations(canvas, values, shape) {
  const [maps, height, width] = shape.length === 3 ? shape : [shape[0], 1, 1];
  const images = shape.length === 3;
  const shown = images ? Math.min(MAPS, maps) : maps;
  const columns = images ? Math.ceil(shown / (shown > 3 ? 2 : 1)) : Math.ceil(Math.sqrt(2 * maps));
  const gap = images && shown > 1 ? 1 : 0;
  canvas.className = "pixels";
  canvas.width = columns * (width + gap) - gap;
  canvas.height = Math.ceil(shown / columns) * (height + gap) - gap;
  const most = values ? largest(values) : 1;
  const total = canvas.width;
  paint(canvas, (at) => {
    const [x, y] = [at % total, Math.floor(at / total)];
    const [column, row] = [Math.floor(x / (width + gap)), Math.floor(y / (height + gap))];
    const [left, top] = [x - column * (width + gap), y - row * (height + gap)];
    const map = row * columns + column;
    if (left >= width || top >= height || map >= shown) return 0; // transparent
    return signed(values ? values[(map * height + top) * width + left] / most : 0);
  });
}

/** Draw a bar for each value, from the middle where they are signed. */
function drawBars(canvas, values, rows, centred) {
  const length = centred ? 120 : 200;
  const step = Math.max(2, Math.floor(192 / rows)); // of which a third is a gap
  canvas.width = centred ? 2 * length + 1 : length;
  canvas.height = rows * step;
  const most = values && centred ? largest(values) : 1;
  const zero = centred ? length : 0;
  const total = canvas.width;
  paint(canvas, (at) => {
    const [x, y] = [(at % total) - zero, Math.floor(at / total)];
    const value = values ? (values[Math.floor(y / step)] / most) * length : 0;
    const inBar = y % step >= step / 6 && y % step < (5 * step) / 6 && Math.abs(x) <= Math.abs(value) && x * value > 0;
    return inBar ? signed(Math.sign(value) * 0.8) : centred && Math.abs(x) < 2 ? signed(-0.2) : 0;
  });
}
