// The weights of the first layer that has any, as pictures: one for each unit or filter, in a place of fixed size.

import { largest, picture, sharp, signed } from "handgrad/draw/shades.js";
import { element } from "handgrad/elements.js";
import { size } from "handgrad/model/shapes.js";

const HEIGHT = 220;
const MOST = 256;
const GAP = 2;

export class Weights {
  #tiles = [];

  constructor() {
    this.canvas = element("canvas", { class: "weights-canvas", role: "img", "aria-label": "no weights yet" });
    this.note = element("p", { class: "note weights-note" }, "They appear with the first record.");
    this.place = element("div", { class: "weights-place" }, this.canvas);
    this.element = element("section", { class: "panel weights", "aria-label": "First layer" }, element("h2", {}, "What the first layer looks for"), this.place, this.note);
    new ResizeObserver(() => this.draw()).observe(this.place);
  }

  /** Show those of a network; null: none. */
  update(network) {
    const found = network && pictures(network);
    this.#tiles = found?.tiles ?? [];
    const more = found && found.count > MOST ? ` The first ${MOST} are shown.` : "";
    const text = found ? `The weights of ${found.count} ${found.what}: light for, dark against, each scaled by its strongest.${more}` : "They appear with the first record.";
    this.note.textContent = network && !found ? "The first layer does not look at pictures." : text;
    this.canvas.setAttribute("aria-label", this.note.textContent);
    this.draw();
  }

  draw() {
    const width = this.place.clientWidth;
    if (!width) return;
    const context = sharp(this.canvas, width, HEIGHT);
    const [side, columns] = fit(this.#tiles.length, width, HEIGHT);
    this.#tiles.forEach((tile, k) => {
      context.drawImage(tile, (k % columns) * (side + GAP), Math.floor(k / columns) * (side + GAP), side, side);
    });
  }
}

function pictures(network) {
  const layer = network.layers.find(({ parameters }) => parameters.weights);
  const inputs = size(network.inputShape);
  if (!layer || size(layer.inputShape) !== inputs) return null; // it does not see the input itself
  const { shape, values } = layer.parameters.weights;
  const filters = shape.length === 4;
  const each = values.length / shape[0];
  const side = filters ? shape[3] : Math.sqrt(each);
  if (!Number.isInteger(side)) return null;
  const tiles = Array.from({ length: Math.min(shape[0], MOST) }, (_, unit) => {
    const weights = values.subarray(unit * each, unit * each + side * side); // of filters the first channel
    const most = largest(weights);
    return picture(side, side, (k) => signed(weights[k] / most));
  });
  return { tiles, count: shape[0], what: filters ? "filters" : "units" };
}

/** The largest side of second_moment, of which `many` fit into width × height, and how many stand in a row. */
function fit(many, width, height) {
  for (let side = 64; side > 4; side--) {
    const columns = Math.floor((width + GAP) / (side + GAP));
    if (columns * Math.floor((height + GAP) / (side + GAP)) >= many) return [side, columns];
  }
  return [4, Math.floor((width + GAP) / (4 + GAP))];
}
