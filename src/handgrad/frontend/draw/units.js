// The units of a dense layer: activations, contributions, and weights as images where the layer's input is the image.

import { css, ink, largest, paint, signed, weightImage } from "handgrad/images.js";
import { Mosaic } from "handgrad/draw/mosaic.js";
import { captioned, element } from "handgrad/elements.js";

const MAX_IMAGES = 192; // shown; of more units those with the largest weights
const MAX_SQUARES = 1024;

export class Units {
  /**
   * @param layer     the dense layer: {parameters, inputShape, outputShape}
   * @param count     outputs of the stage (after Maxout fewer than the layer's units)
   * @param image     [height, width] where the layer's input is the image, else null
   * @param outgoing  weights {shape: [classes, count], values} of the last layer where it follows directly, else null
   */
  constructor({ layer, count, image, outgoing, title }) {
    Object.assign(this, { count, image, outgoing });
    const { shape, values } = layer.parameters.weights;
    this.inputs = shape[1];
    this.pieces = shape[0] / count; // of a Maxout unit
    this.weights = values;
    this.units = this.#strongest();
    this.tiles = image ? this.units.map((unit) => this.imageOf(unit)) : [];
    this.mosaic = new Mosaic({
      count: this.units.length,
      cell: (width) => this.#cell(width),
      label: `${title}: select a unit`,
      draw: () => this.draw(),
    });
    this.name = element("h3");
    this.text = element("p", { class: "note" });
    const [height, width] = image ?? [1, 1];
    const figures = ["weights", "weights × input"].map((text) => captioned(text, width, height));
    this.canvases = figures.map(({ canvas }) => canvas);
    const images = image ? element("div", { class: "detail-images" }, ...figures.map(({ figure }) => figure)) : null;
    this.element = element(
      "div",
      { class: "stage-body" },
      this.mosaic.element,
      element("div", { class: "detail" }, this.name, this.text, images),
    );
  }

  #strongest() {
    const all = [...Array(this.count).keys()];
    const most = this.image ? MAX_IMAGES : MAX_SQUARES;
    if (this.count <= most) return all;
    const norm = all.map((unit) => this.weightsOf(unit).reduce((sum, weight) => sum + weight * weight, 0));
    return all
      .sort((a, b) => norm[b] - norm[a])
      .slice(0, most)
      .sort((a, b) => a - b);
  }

  #cell(width) {
    if (!this.image) return width < 500 ? [18, 24] : [24, 30];
    return width < 500 ? [28, 34] : [56, 62];
  }

  /** The incoming weights of a unit; of Maxout those of its first piece. */
  weightsOf(unit) {
    const start = unit * this.pieces * this.inputs;
    return this.weights.subarray(start, start + this.inputs);
  }

  /** The incoming weights of a unit as an image. */
  imageOf(unit) {
    return weightImage(this.weightsOf(unit), this.image[1], this.image[0]);
  }

  /** Each unit's contribution to a logit, activation × outgoing weight; null where the last layer does not follow. */
  #contributions(activations, focus) {
    if (!this.outgoing || focus < 0) return null;
    const row = this.outgoing.values.subarray(focus * this.count, (focus + 1) * this.count);
    return activations.map((value, unit) => value * row[unit]);
  }

  /** @param state  {activations (Float32Array), inputs (Float32Array), focus, name} or null */
  update(state) {
    this.state = state;
    this.draw();
  }

  draw() {
    const { mosaic, state } = this;
    if (!mosaic.context) return; // hidden
    mosaic.clear();
    const activations = state?.activations ?? new Float32Array(this.count);
    const contributions = state && this.#contributions(activations, state.focus);
    const bars = contributions ?? activations.map(Math.abs);
    const [most, longest] = [largest(activations), largest(bars)];
    const style = getComputedStyle(mosaic.element);
    const colour = (name) => style.getPropertyValue(`--${name}`);
    this.units.forEach((unit, k) => {
      this.#drawUnit(k, activations[unit] / most, colour);
      this.#drawBar(k, bars[unit] / longest, contributions !== null, colour);
    });
    const largestUnit = () => this.units.reduce((best, unit) => (Math.abs(bars[unit]) > Math.abs(bars[best]) ? unit : best));
    this.#showDetail(this.units[mosaic.selection] ?? largestUnit(), activations, contributions);
  }

  /** Weight images fade with small activations; squares are as light as the activation is large. */
  #drawUnit(k, share, colour) {
    const { context, cellWidth: side } = this.mosaic;
    const [x, y] = this.mosaic.corner(k);
    if (this.image) context.drawImage(this.tiles[k], x, y, side, side);
    context.globalAlpha = this.image ? 0.82 * (1 - Math.sqrt(Math.abs(share))) : 1;
    context.fillStyle = this.image ? colour("surface") : css(share < 0 ? signed(share) : ink(share));
    context.fillRect(x, y, side, side);
    context.globalAlpha = 1;
  }

  /** A bar below a unit. Contributions start in the middle: positive to the right, negative to the left. */
  #drawBar(k, share, centred, colour) {
    const { context, cellWidth: side } = this.mosaic;
    const [x, top] = this.mosaic.corner(k);
    const y = top + side + 2;
    const start = centred ? x + side / 2 : x;
    const length = share * (centred ? side / 2 : side);
    context.fillStyle = colour("sunken");
    context.fillRect(x, y, side, 4);
    context.fillStyle = centred ? colour(share > 0 ? "positive" : "negative") : colour("ink");
    context.fillRect(start, y, length, 4);
    if (!centred) return;
    context.fillStyle = colour("edge");
    context.fillRect(start - 0.5, y - 1, 1, 6);
  }

  #showDetail(unit, activations, contributions) {
    const { state } = this;
    this.name.textContent = `Unit ${unit + 1} of ${this.count.toLocaleString("en")}`;
    const contribution = contributions ? `, contribution ${signedNumber(contributions[unit])} to ${state.name}` : "";
    this.text.textContent = state ? `Activation ${activations[unit].toFixed(2)}${contribution}.` : "No input.";
    this.mosaic.show(this.units.indexOf(unit), `unit ${unit + 1}: ${this.text.textContent}`);
    if (!this.image) return;
    const weights = this.weightsOf(unit);
    const products = weights.map((weight, k) => (state ? weight * state.inputs[k] : 0));
    [weights, products].forEach((values, k) => {
      const most = largest(values);
      paint(this.canvases[k], (pixel) => signed(values[pixel] / most));
    });
  }
}

/** A number with its sign, and a true minus. */
export function signedNumber(value) {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && text !== "0.00" ? `−${text}` : `+${text}`;
}
