// The graph of a network as a stepper: a column for each layer, with its arrays forward, backward and after the update.

import { ArrayImage } from "handgrad/arrays.js";
import { button, element } from "handgrad/elements.js";

const ROWS = { forward: "Forward", backward: "Backward", update: "Update" };
const THUMBNAIL = { width: 56, height: 30, thumbnail: true };

/** The name of a layer, or of what is before or behind the layers. */
export const placeName = (network, place) => network.layers[place]?.type ?? place[0].toUpperCase() + place.slice(1);

export class Graph {
  /** @param {(name: string) => void} open  called with the name of the selected step */
  constructor(open) {
    this.open = open;
    const label = "Steps; arrow keys, Home and End step through them";
    this.element = element("div", { class: "step-graph", role: "group", "aria-label": label });
  }

  /**
   * Build the graph.
   * @param {Object} network
   * @param {import("handgrad/model/explanation.js").Step[]} steps
   * @param {(name: string) => Object} options  of `ArrayImage`
   */
  build(network, steps, options) {
    const places = [...new Set(steps.filter(({ direction }) => direction === "forward").map(({ place }) => place))];
    const at = (row, column) => `grid-area: ${row + 1} / ${column + 1}`;
    const heads = places.map((place, k) => element("span", { class: "step-graph-head", style: at(0, k + 1) }, placeName(network, place)));
    this.nodes = new Map();
    const shown = Object.entries(ROWS).filter(([direction]) => steps.some((step) => step.direction === direction));
    const rows = shown.map(([direction, text], row) => {
      const cells = places.map((place, k) => {
        const nodes = steps.filter((step) => step.direction === direction && step.place === place).map((step) => this.#node(step, options));
        return nodes.length ? element("li", { class: "step-graph-cell", style: at(row + 1, k + 1) }, ...nodes) : null;
      });
      if (direction === "backward") cells.reverse();
      const label = element("span", { class: "step-graph-label", style: at(row + 1, 0), "aria-hidden": "true" }, text);
      return [label, element("ol", { class: direction, "aria-label": text }, ...cells)];
    });
    this.order = steps.map(({ name }) => name);
    this.element.replaceChildren(...heads, ...rows.flat());
  }

  #node(step, options) {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const node = button(canvas, () => this.open(step.name), { class: "step-graph-node" });
    node.append(step.name.replace("_new", ""));
    new ArrayImage(canvas, step, { ...options(step.name), ...THUMBNAIL }).draw();
    this.nodes.set(step.name, node);
    return node;
  }

  /** Show which step is selected, and which are before it; keep it in view, and in focus. */
  select(name) {
    const focused = this.element.contains(document.activeElement);
    for (const [k, each] of this.order.entries()) {
      const node = this.nodes.get(each);
      node.tabIndex = each === name ? 0 : -1;
      node.classList.toggle("done", k < this.order.indexOf(name));
      node.setAttribute("aria-current", each === name ? "step" : "false");
    }
    const current = this.nodes.get(name);
    if (focused) current.focus({ preventScroll: true });
    this.element.scrollLeft = current.parentElement.offsetLeft - this.element.clientWidth / 3;
  }
}
