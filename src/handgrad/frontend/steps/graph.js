// The graph of a network as a stepper: a column for each layer, its arrays forward, backward and of the update.

import { element } from "handgrad/elements.js";
import { ArrayImage } from "handgrad/steps/arrays.js";

const ROWS = { forward: "Forward", backward: "Backward", update: "Update" };
const THUMBNAIL = { width: 52, height: 26, thumbnail: true };

export class Graph {
  /** @param {(name: string) => void} open  called with the name of the selected step */
  constructor(open) {
    this.open = open;
    this.element = element("div", {
      class: "step-graph",
      role: "group",
      "aria-label": "The steps of the network; arrow keys step forward and back",
    });
  }

  /**
   * Build the graph.
   * @param {Object} network
   * @param {import("handgrad/model/explanation.js").Step[]} steps
   * @param {Object} options  of `ArrayImage`
   */
  build(network, steps, options) {
    const places = ["input", ...network.layers.keys(), steps.some(({ place }) => place === "loss") ? "loss" : "prediction"];
    const title = (place) => network.layers[place]?.type ?? place[0].toUpperCase() + place.slice(1);
    const heads = places.map((place, k) => element("span", { class: "step-graph-head", style: `grid-area: 1 / ${k + 2}` }, title(place)));
    this.buttons = new Map();
    const rows = Object.entries(ROWS).map(([direction, text], row) => {
      const label = element("span", { class: "step-graph-label", style: `grid-area: ${row + 2} / 1` }, text);
      const cells = places.map((place, k) => {
        const found = steps.filter((step) => step.direction === direction && step.place === place);
        return found.length
          ? element(
              "li",
              { class: "step-graph-cell", style: `grid-area: ${row + 2} / ${k + 2}` },
              ...found.map((step) => this.#node(step, options)),
            )
          : null;
      });
      if (direction === "backward") cells.reverse();
      return element("ol", { class: direction, "aria-label": text }, label, ...cells);
    });
    this.element.replaceChildren(...heads, ...rows);
  }

  #node(step, options) {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const image = new ArrayImage(canvas, step, { ...options(step.name), ...THUMBNAIL });
    const node = element(
      "button",
      { type: "button", class: "step-graph-node", tabindex: -1, onclick: () => this.open(step.name) },
      canvas,
      step.name.replace("_new", ""),
    );
    this.buttons.set(step.name, { node, image });
    image.draw();
    return node;
  }

  /** Show which step is selected, and which are before it. */
  select(name, focus = false) {
    let done = true;
    for (const [each, { node }] of this.buttons) {
      const current = each === name;
      if (current) done = false;
      node.classList.toggle("done", done);
      node.tabIndex = current ? 0 : -1;
      node[current ? "setAttribute" : "removeAttribute"]("aria-current", "step");
    }
    const { node } = this.buttons.get(name);
    if (focus) node.focus({ preventScroll: true });
    const { element: box } = this;
    box.scrollTo({
      left: node.offsetLeft - box.clientWidth / 2,
      behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
    });
  }
}
