// The weights of the first layer as images, one per unit or filter.

import { sharp, weightImage } from "handgrad/images.js";
import { element, panel } from "handgrad/elements.js";
import { size } from "handgrad/model/shapes.js";

const HEIGHT = 220;
const LIMIT = 256;
const GAP = 2;
const EMPTY = "They appear with the first record.";

export class Weights {
  #tiles = [];

  constructor() {
    this.canvas = element("canvas", { class: "weights-canvas", role: "img", "aria-label": "no weights yet" });
    this.note = element("p", { class: "note weights-note" }, EMPTY);
    this.frame = element("div", { class: "weights-frame" }, this.canvas);
    this.element = panel("weights", "First layer", element("h2", {}, "Weights of the first layer"), this.frame, this.note);
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  /** Show the weights of a network; null: none. */
  update(network) {
    const found = network && weightImages(network);
    this.#tiles = found?.tiles ?? [];
    const omitted = found && found.count > LIMIT ? ` The first ${LIMIT} are shown.` : "";
    const text = found ? `The weights of ${found.count} ${found.kind}: light positive, dark negative, each scaled by its largest.${omitted}` : EMPTY;
    this.note.textContent = network && !found ? "The input of the first layer is not an image." : text;
    this.canvas.setAttribute("aria-label", this.note.textContent);
    this.draw();
  }

  draw() {
    const width = this.frame.clientWidth;
    if (!width) return;
    const context = sharp(this.canvas, width, HEIGHT);
    const [side, columns] = fit(this.#tiles.length, width, HEIGHT);
    this.#tiles.forEach((tile, k) => {
      context.drawImage(tile, (k % columns) * (side + GAP), Math.floor(k / columns) * (side + GAP), side, side);
    });
  }
}

function weightImages(network) {
  const layer = network.layers.find(({ parameters }) => parameters.weights);
  if (!layer || size(layer.inputShape) !== size(network.inputShape)) return null;
  const { shape, values } = layer.parameters.weights;
  const filters = shape.length === 4;
  const each = values.length / shape[0];
  const side = filters ? shape[3] : Math.sqrt(each);
  if (!Number.isInteger(side)) return null;
  const first = (unit) => values.subarray(unit * each, unit * each + side * side); // of filters the first channel
  const tiles = Array.from({ length: Math.min(shape[0], LIMIT) }, (_, unit) => weightImage(first(unit), side, side));
  return { tiles, count: shape[0], kind: filters ? "filters" : "units" };
}

/** The largest side at which `count` squares fit into width × height, and the number of columns. */
function fit(count, width, height) {
  for (let side = 64; side > 4; side--) {
    const columns = Math.floor((width + GAP) / (side + GAP));
    if (columns * Math.floor((height + GAP) / (side + GAP)) >= count) return [side, columns];
  }
  return [4, Math.floor((width + GAP) / (4 + GAP))];
}
