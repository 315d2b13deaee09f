// The feature maps of a stage that returns images, and its filters where their input has one channel.

import { ink, image, largest, signed, weightImage } from "handgrad/images.js";
import { Mosaic } from "handgrad/draw/mosaic.js";
import { captioned, element } from "handgrad/elements.js";

const GAP = 4; // between a filter and its map

export class Maps {
  /**
   * @param layer  the first layer of the stage
   * @param shape  [channels, height, width] of the output
   */
  constructor({ layer, shape, title }) {
    [this.count, this.height, this.width] = shape;
    this.filters = filtersOf(layer, this.count);
    this.mosaic = new Mosaic({
      count: this.count,
      cell: (width) => this.#cell(width),
      label: `${title}: select a feature map`,
      draw: () => this.draw(),
    });
    this.name = element("h3");
    this.text = element("p", { class: "note" });
    this.large = captioned("feature map", this.width, this.height);
    this.filter = this.filters && captioned("filter", this.filters[0].width, this.filters[0].height);
    const images = element("div", { class: "detail-images" }, this.filter?.figure, this.large.figure);
    this.element = element(
      "div",
      { class: "stage-body" },
      this.mosaic.element,
      element("div", { class: "detail" }, this.name, this.text, images),
    );
  }

  #cell(width) {
    const sizes = this.count > 100 ? [24, 32] : this.count > 40 ? [24, 50] : [40, this.count > 16 ? 75 : 96];
    const aim = sizes[width < 500 ? 0 : 1];
    this.side = Math.max(1, Math.round(aim / this.height)) * this.height;
    this.across = (this.side / this.height) * this.width;
    this.filterSide = this.filters ? Math.round(this.side * 0.45) : 0;
    return [this.across + (this.filters ? this.filterSide + GAP : 0), this.side];
  }

  /** @param state  {activations} or null */
  update(state) {
    this.state = state;
    this.draw();
  }

  draw() {
    const { mosaic, count, height, width, state } = this;
    if (!mosaic.context) return; // hidden
    const size = height * width;
    const values = state?.activations ?? new Float32Array(count * size);
    const most = largest(values);
    const colourOf = values.some((value) => value < 0) ? signed : ink;
    mosaic.clear();
    const stacked = image(width, height * count, (k) => colourOf(values[k] / most)); // one image for all maps is faster
    for (let k = 0; k < count; k++) {
      const [x, y] = mosaic.corner(k);
      if (this.filters) mosaic.context.drawImage(this.filters[k], x, y, this.filterSide, this.filterSide);
      mosaic.context.drawImage(stacked, 0, k * height, width, height, x + mosaic.cellWidth - this.across, y, this.across, this.side);
    }
    const mapOf = (k) => values.subarray(k * size, (k + 1) * size);
    const sums = Array.from({ length: count }, (_, k) => mapOf(k).reduce((sum, value) => sum + Math.abs(value), 0));
    const shown = mosaic.selection ?? sums.indexOf(Math.max(...sums));
    this.#showDetail(shown, stacked, mapOf(shown));
  }

  #showDetail(k, stacked, values) {
    const maximum = values.reduce((most, value) => Math.max(most, value), 0);
    this.name.textContent = `Feature map ${k + 1} of ${this.count}`;
    this.text.textContent = this.state ? `Largest activation ${maximum.toFixed(2)}.` : "No input.";
    this.mosaic.show(k, `feature map ${k + 1}: ${this.text.textContent}`);
    this.large.canvas.getContext("2d").drawImage(stacked, 0, k * this.height, this.width, this.height, 0, 0, this.width, this.height);
    this.filter?.canvas.getContext("2d").drawImage(this.filters[k], 0, 0);
  }
}

/** The filters of a convolution of one channel as images, or null. */
function filtersOf({ parameters }, count) {
  const { shape, values } = parameters.weights ?? { shape: [] };
  if (shape.length !== 4 || shape[0] !== count || shape[1] !== 1) return null;
  const [, , height, width] = shape;
  const weightsOf = (k) => values.subarray(k * height * width, (k + 1) * height * width);
  return Array.from({ length: count }, (_, k) => weightImage(weightsOf(k), width, height));
}
