// The units of a dense layer: activations, contributions, and weights as images where the layer's input is the image.

import { css, grey, largest, signed, weightImage } from "handgrad/draw/images.js";
import { Mosaic } from "handgrad/draw/mosaic.js";
import { element } from "handgrad/elements.js";

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
    this.mosaic = new Mosaic({
      count: this.units.length,
      cell: (width) => this.#cell(width),
      label: `${title}: select a unit`,
      resized: () => this.#drawImages(),
      selected: () => this.draw(),
    });
    this.name = element("h3");
    this.text = element("p", { class: "note" });
    const figures = ["weights", "weights × input"].map((text) => {
      const canvas = element("canvas", { class: "pixels", width: 28, height: 28, role: "img", "aria-label": text });
      return { canvas, figure: element("figure", {}, canvas, element("figcaption", {}, text)) };
    });
    this.canvases = figures.map(({ canvas }) => canvas);
    const images = this.image ? element("div", { class: "detail-images" }, ...figures.map(({ figure }) => figure)) : null;
    this.element = element("div", { class: "stage-body" }, this.mosaic.element, element("div", { class: "detail" }, this.name, this.text, images));
  }

  #strongest() {
    const all = [...Array(this.count).keys()];
    const most = this.image ? MAX_IMAGES : MAX_SQUARES;
    if (this.count <= most) return all;
    const norm = all.map((unit) => this.weightsOf(unit).reduce((sum, weight) => sum + weight * weight, 0));
    return all.sort((a, b) => norm[b] - norm[a]).slice(0, most).sort((a, b) => a - b);
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

  #drawImages() {
    if (this.image) {
      this.tiles ??= this.units.map((unit) => this.imageOf(unit));
      const side = this.mosaic.cellWidth;
      this.tiles.forEach((tile, k) => this.mosaic.ground.drawImage(tile, ...this.mosaic.corner(k), side, side));
    }
    this.draw();
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
    if (!this.mosaic.over) return;
    const { mosaic, state } = this;
    const style = getComputedStyle(mosaic.element);
    const colour = (name) => style.getPropertyValue(name);
    mosaic.clear();
    const activations = state?.activations ?? new Float32Array(this.count);
    const contributions = state && this.#contributions(activations, state.focus);
    const [most, mostContributed] = [largest(activations), largest(contributions ?? [])];
    const side = mosaic.cellWidth;
    this.units.forEach((unit, k) => {
      const [x, y] = mosaic.corner(k);
      this.#drawActivation(x, y, side, activations[unit] / most, colour);
      mosaic.over.fillStyle = colour("--sunken");
      mosaic.over.fillRect(x, y + side + 2, side, 4);
      if (contributions) return this.#drawContribution(x, y + side + 2, side, contributions[unit] / mostContributed, colour);
      mosaic.over.fillStyle = colour("--ink");
      mosaic.over.fillRect(x, y + side + 2, (side * Math.abs(activations[unit])) / most, 4);
    });
    const size = contributions ?? activations;
    const largestUnit = () => this.units.reduce((best, unit) => (Math.abs(size[unit]) > Math.abs(size[best]) ? unit : best));
    const shown = this.units[mosaic.selection] ?? largestUnit();
    mosaic.frame(this.units.indexOf(shown), colour("--accent"));
    this.#showDetail(shown, activations, contributions);
  }

  /** Weight images fade with small activations; squares are as light as the activation is large. */
  #drawActivation(x, y, side, share, colour) {
    const { over } = this.mosaic;
    over.globalAlpha = this.image ? 0.82 * (1 - Math.sqrt(Math.min(1, Math.abs(share)))) : 1;
    over.fillStyle = this.image ? colour("--surface") : css(share < 0 ? signed(share) : grey(share));
    over.fillRect(x, y, side, side);
    over.globalAlpha = 1;
  }

  /** A bar from the middle: positive contributions to the right, negative to the left. */
  #drawContribution(x, y, side, share, colour) {
    const { over } = this.mosaic;
    over.fillStyle = colour(share > 0 ? "--positive" : "--negative");
    const length = (Math.abs(share) * side) / 2;
    over.fillRect(share > 0 ? x + side / 2 : x + side / 2 - length, y, length, 4);
    over.fillStyle = colour("--edge");
    over.fillRect(x + side / 2 - 0.5, y - 1, 1, 6);
  }

  #showDetail(unit, activations, contributions) {
    const { state } = this;
    this.name.textContent = `Unit ${unit + 1} of ${this.count.toLocaleString("en")}`;
    const contribution = contributions ? `, contribution ${signedNumber(contributions[unit])} to ${state.name}` : "";
    this.text.textContent = state ? `Activation ${activations[unit].toFixed(2)}${contribution}.` : "No input.";
    this.mosaic.describe(this.units.indexOf(unit), `unit ${unit + 1}: ${this.text.textContent}`);
    if (!this.image) return;
    const weights = this.weightsOf(unit);
    const products = weights.map((weight, k) => (state ? weight * state.inputs[k] : 0));
    const [height, width] = this.image;
    [weights, products].forEach((values, k) => {
      [this.canvases[k].width, this.canvases[k].height] = [width, height];
      this.canvases[k].getContext("2d").drawImage(weightImage(values, width, height), 0, 0);
    });
  }
}

/** A number with its sign, and a true minus. */
export function signedNumber(value) {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && text !== "0.00" ? `−${text}` : `+${text}`;
}
