// The units of a dense layer as they fire: each with its weights as a picture, where it looks at the image itself.

import { element } from "handgrad/elements.js";
import { Mosaic } from "handgrad/draw/mosaic.js";
import { grey, largest, picture, sharp, signed } from "handgrad/draw/shades.js";

const MOST = { pictures: 192, second_moment: 1024 }; // that are shown; of more units those with the largest weights

export class Units {
  /**
   * @param layer      the dense layer: {parameters, inputShape, outputShape}
   * @param count      units that come out of the stage (fewer than the layer has, after Maxout)
   * @param image      [height, width] where the layer looks at the image itself, else null
   * @param outgoing   weights {shape: [classes, count], values} of the last layer where it comes next, else null
   */
  constructor({ layer, count, image, outgoing, title }) {
    Object.assign(this, { count, image, outgoing });
    const { shape, values } = layer.parameters.weights;
    this.inputs = shape[1];
    this.pieces = shape[0] / count; // of a Maxout unit
    this.weights = values;
    this.biases = layer.parameters.biases?.values;
    this.units = this.#strongest();
    this.mosaic = new Mosaic({
      count: this.units.length,
      cell: (width) => this.#cell(width),
      label: `${title}: pick a unit`,
      drawn: () => this.#ground(),
      picked: () => this.draw(),
    });
    this.#detail();
    this.element = element("div", { class: "stage-body" }, this.mosaic.element, this.detail);
  }

  #strongest() {
    const all = [...Array(this.count).keys()];
    const most = this.image ? MOST.pictures : MOST.second_moment;
    if (this.count <= most) return all;
    const size = all.map((unit) => this.weightsOf(unit).reduce((sum, weight) => sum + weight * weight, 0));
    return all.sort((a, b) => size[b] - size[a]).slice(0, most).sort((a, b) => a - b);
  }

  #cell(width) {
    if (!this.image) return width < 500 ? [18, 24] : [24, 30];
    const side = width < 500 ? 28 : 56;
    return [side, side + 6];
  }

  #detail() {
    this.name = element("h3");
    this.says = element("p", { class: "note" });
    const pictures = ["its weights", "weights × ink"].map((text) => {
      const canvas = element("canvas", { class: "pixels", width: 28, height: 28, role: "img", "aria-label": text });
      return { canvas, figure: element("figure", {}, canvas, element("figcaption", {}, text)) };
    });
    this.pictures = pictures.map(({ canvas }) => canvas);
    const shown = this.image ? element("div", { class: "detail-pictures" }, ...pictures.map(({ figure }) => figure)) : null;
    this.detail = element("div", { class: "detail" }, this.name, this.says, shown);
  }

  /** The weights of a unit for each input. */
  weightsOf(unit, piece = 0) {
    const row = unit * this.pieces + piece;
    return this.weights.subarray(row * this.inputs, (row + 1) * this.inputs);
  }

  /** The weights of a unit as a picture of its own. */
  pictureOf(unit) {
    const weights = this.weightsOf(unit);
    const most = largest(weights);
    const [height, width] = this.image;
    return picture(width, height, (k) => signed(weights[k] / most));
  }

  #ground() {
    if (this.image) {
      this.tiles ??= this.units.map((unit) => this.pictureOf(unit));
      const side = this.mosaic.cellWidth;
      this.tiles.forEach((tile, k) => this.mosaic.ground.drawImage(tile, ...this.mosaic.place(k), side, side));
    }
    this.draw();
  }

  /** What each unit adds to a class: its activation times its weight there; null where another layer comes between. */
  contributions(activations, focus) {
    if (!this.outgoing || focus < 0) return null;
    const row = this.outgoing.values.subarray(focus * this.count, (focus + 1) * this.count);
    return activations.map((value, unit) => value * row[unit]);
  }

  /** @param state {activations (Float32Array), inputs (Float32Array), focus, name} or null */
  update(state) {
    this.state = state;
    this.draw();
  }

  draw() {
    if (!this.mosaic.over) return;
    const { mosaic, state } = this;
    const style = getComputedStyle(mosaic.element);
    const colour = (name) => style.getPropertyValue(name);
    mosaic.clear();
    const activations = state?.activations ?? new Float32Array(this.count);
    const adds = state && this.contributions(activations, state.focus);
    const [most, mostAdded] = [largest(activations), adds ? largest(adds) : 1];
    const side = mosaic.cellWidth;
    this.units.forEach((unit, k) => {
      const [x, y] = mosaic.place(k);
      this.#tile(x, y, side, activations[unit] / most, colour);
      mosaic.over.fillStyle = colour("--sunken");
      mosaic.over.fillRect(x, y + side + 2, side, 4);
      if (adds) this.#added(x, y + side + 2, side, adds[unit] / mostAdded, colour);
      else {
        mosaic.over.fillStyle = colour("--ink");
        mosaic.over.fillRect(x, y + side + 2, (side * Math.abs(activations[unit])) / most, 4);
      }
    });
    const shown = this.units[mosaic.choice] ?? this.#telling(activations, adds);
    mosaic.frame(this.units.indexOf(shown), colour("--accent"));
    this.#show(shown, activations, adds);
  }

  /** A unit that does not fire fades into the paper; without a picture, its light is its activation. */
  #tile(x, y, side, share, colour) {
    const { over } = this.mosaic;
    if (this.image) {
      over.globalAlpha = 0.82 * (1 - Math.sqrt(Math.min(1, Math.abs(share))));
      over.fillStyle = colour("--surface");
      over.fillRect(x, y, side, side);
      over.globalAlpha = 1;
    } else {
      const [red, green, blue] = bytes(share < 0 ? signed(share) : grey(share));
      over.fillStyle = `rgb(${red} ${green} ${blue})`;
      over.fillRect(x, y, side, side);
    }
  }

  /** From the middle to the right: speaks for the class; to the left: against it. */
  #added(x, y, side, share, colour) {
    const { over } = this.mosaic;
    over.fillStyle = colour(share > 0 ? "--for" : "--against");
    const length = (Math.abs(share) * side) / 2;
    over.fillRect(share > 0 ? x + side / 2 : x + side / 2 - length, y, length, 4);
    over.fillStyle = colour("--edge");
    over.fillRect(x + side / 2 - 0.5, y - 1, 1, 6);
  }

  /** The unit that matters most now, of those that are shown. */
  #telling(activations, adds) {
    const weight = adds ?? activations;
    return this.units.reduce((best, unit) => (Math.abs(weight[unit]) > Math.abs(weight[best]) ? unit : best));
  }

  #show(unit, activations, adds) {
    const { state } = this;
    this.name.textContent = `Unit ${unit + 1} of ${this.count.toLocaleString("en")}`;
    const fires = state ? `Fires ${activations[unit].toFixed(2)}` : "Waits for a digit";
    const added = adds ? `, which adds ${signedNumber(adds[unit])} to ${state.name}` : "";
    this.says.textContent = `${fires}${added}.`;
    this.mosaic.tell(this.units.indexOf(unit), `unit ${unit + 1}: ${this.says.textContent}`);
    if (!this.image) return;
    const [weights, product] = this.pictures;
    const own = this.weightsOf(unit);
    const most = largest(own);
    [weights.width, weights.height] = [product.width, product.height] = [this.image[1], this.image[0]];
    const paint = (canvas, shade) => canvas.getContext("2d").drawImage(picture(canvas.width, canvas.height, shade), 0, 0);
    paint(weights, (k) => signed(own[k] / most));
    const parts = own.map((weight, k) => (state ? weight * state.inputs[k] : 0));
    const strongest = largest(parts);
    paint(product, (k) => signed(parts[k] / strongest));
  }
}

function bytes(colour) {
  return [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
}

/** With its sign, and a true minus. */
export function signedNumber(value) {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && text !== "0.00" ? `−${text}` : `+${text}`;
}
