// The feature maps of a stage that returns images, and its filters where their input has one channel.

import { grey, image, largest, signed, weightImage } from "handgrad/draw/images.js";
import { Mosaic } from "handgrad/draw/mosaic.js";
import { element } from "handgrad/elements.js";

const GAP = 4; // between a filter and its map

export class Maps {
  /**
   * @param layer  the first layer of the stage
   * @param shape  [channels, height, width] of the output
   */
  constructor({ layer, shape, title }) {
    [this.count, this.height, this.width] = shape;
    const weights = layer.parameters?.weights;
    if (weights?.shape.length === 4 && weights.shape[1] === 1 && weights.shape[0] === this.count) this.weights = weights;
    this.mosaic = new Mosaic({
      count: this.count,
      cell: (width) => this.#cell(width),
      label: `${title}: select a feature map`,
      resized: () => this.#drawFilters(),
      selected: () => this.draw(),
    });
    this.large = element("canvas", { class: "pixels", width: this.width, height: this.height, role: "img", "aria-label": "the feature map, enlarged" });
    this.name = element("h3");
    this.text = element("p", { class: "note" });
    this.filter = element("canvas", { class: "pixels", role: "img", "aria-label": "the filter", width: 5, height: 5 });
    const figure = (canvas, text) => element("figure", {}, canvas, element("figcaption", {}, text));
    const images = element("div", { class: "detail-images" }, this.weights ? figure(this.filter, "filter") : null, figure(this.large, "feature map"));
    this.element = element("div", { class: "stage-body" }, this.mosaic.element, element("div", { class: "detail" }, this.name, this.text, images));
  }

  #cell(width) {
    const sizes = this.count > 100 ? [24, 32] : this.count > 40 ? [24, 50] : [40, this.count > 16 ? 75 : 96];
    const aim = sizes[width < 500 ? 0 : 1];
    this.side = Math.max(1, Math.round(aim / this.height)) * this.height;
    this.across = (this.side / this.height) * this.width;
    this.filterSide = this.weights ? Math.round(this.side * 0.45) : 0;
    return [this.across + (this.weights ? this.filterSide + GAP : 0), this.side];
  }

  #filterImage(k) {
    const [, , height, width] = this.weights.shape;
    return weightImage(this.weights.values.subarray(k * height * width, (k + 1) * height * width), width, height);
  }

  #drawFilters() {
    if (this.weights) {
      this.filters ??= Array.from({ length: this.count }, (_, k) => this.#filterImage(k));
      this.filters.forEach((filter, k) => this.mosaic.ground.drawImage(filter, ...this.mosaic.corner(k), this.filterSide, this.filterSide));
    }
    this.draw();
  }

  /** @param state  {activations} or null */
  update(state) {
    this.state = state;
    this.draw();
  }

  draw() {
    if (!this.mosaic.over) return;
    const { mosaic, count, height, width, state } = this;
    const size = height * width;
    const values = state?.activations ?? new Float32Array(count * size);
    const most = largest(values);
    const colourOf = values.some((value) => value < 0) ? signed : grey;
    mosaic.clear();
    const stacked = image(width, height * count, (k) => colourOf(values[k] / most)); // one image for all maps is faster
    for (let k = 0; k < count; k++) {
      const [x, y] = mosaic.corner(k);
      mosaic.over.drawImage(stacked, 0, k * height, width, height, x + mosaic.cellWidth - this.across, y, this.across, this.side);
    }
    const mapOf = (k) => values.subarray(k * size, (k + 1) * size);
    const sums = Array.from({ length: count }, (_, k) => mapOf(k).reduce((sum, value) => sum + Math.abs(value), 0));
    const shown = mosaic.selection ?? sums.indexOf(Math.max(...sums));
    mosaic.frame(shown, getComputedStyle(mosaic.element).getPropertyValue("--accent"));
    this.#showDetail(shown, stacked, mapOf(shown));
  }

  #showDetail(k, stacked, values) {
    const maximum = values.reduce((most, value) => Math.max(most, value), 0);
    this.name.textContent = `Feature map ${k + 1} of ${this.count}`;
    this.text.textContent = this.state ? `Largest activation ${maximum.toFixed(2)}.` : "No input.";
    this.mosaic.describe(k, `feature map ${k + 1}: ${this.text.textContent}`);
    this.large.getContext("2d").drawImage(stacked, 0, k * this.height, this.width, this.height, 0, 0, this.width, this.height);
    if (!this.weights) return;
    const filter = this.filters[k];
    [this.filter.width, this.filter.height] = [filter.width, filter.height];
    this.filter.getContext("2d").drawImage(filter, 0, 0);
  }
}
