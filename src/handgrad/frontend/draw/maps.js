// The feature maps of a convolution as they fire: each the picture in which its filter finds what it looks for.

import { element } from "handgrad/elements.js";
import { Mosaic } from "handgrad/draw/mosaic.js";
import { grey, largest, picture, signed } from "handgrad/draw/shades.js";

const GAP = 4; // between a filter and its map

export class Maps {
  /**
   * @param layer  the convolution (or whatever gives images)
   * @param shape  [channels, height, width] of what comes out of the stage
   */
  constructor({ layer, shape, title }) {
    [this.count, this.height, this.width] = shape;
    const weights = layer.parameters?.weights;
    if (weights?.shape.length === 4 && weights.shape[1] === 1 && weights.shape[0] === this.count) this.filters = weights;
    this.mosaic = new Mosaic({
      count: this.count,
      cell: (width) => this.#cell(width),
      label: `${title}: pick a map`,
      drawn: () => this.#ground(),
      picked: () => this.draw(),
    });
    this.large = element("canvas", { class: "pixels", width: this.width, height: this.height, role: "img", "aria-label": "the map, enlarged" });
    this.name = element("h3");
    this.says = element("p", { class: "note" });
    this.filter = element("canvas", { class: "pixels", role: "img", "aria-label": "its filter", width: 5, height: 5 });
    const figure = (canvas, text) => element("figure", {}, canvas, element("figcaption", {}, text));
    this.detail = element(
      "div",
      { class: "detail" },
      this.name,
      this.says,
      element(
        "div",
        { class: "detail-pictures" },
        this.filters ? figure(this.filter, "its filter") : null,
        figure(this.large, "where it fires"),
      ),
    );
    this.element = element("div", { class: "stage-body" }, this.mosaic.element, this.detail);
  }

  #cell(width) {
    const narrow = width < 500;
    const many = this.count > 100 ? [24, 32] : this.count > 40 ? [24, 50] : [40, this.count > 16 ? 75 : 96];
    const aim = many[narrow ? 0 : 1];
    this.side = Math.max(1, Math.round(aim / this.height)) * this.height;
    this.across = (this.side / this.height) * this.width;
    this.filterSide = this.filters ? Math.round(this.side * 0.45) : 0;
    return [this.across + (this.filters ? this.filterSide + GAP : 0), this.side];
  }

  #filterPicture(k) {
    const [, , height, width] = this.filters.shape;
    const size = height * width;
    const own = this.filters.values.subarray(k * size, (k + 1) * size);
    const most = largest(own);
    return picture(width, height, (place) => signed(own[place] / most));
  }

  #ground() {
    if (this.filters) {
      this.pictures ??= [...Array(this.count).keys()].map((k) => this.#filterPicture(k));
      this.pictures.forEach((filter, k) => {
        const [x, y] = this.mosaic.place(k);
        this.mosaic.ground.drawImage(filter, x, y, this.filterSide, this.filterSide);
      });
    }
    this.draw();
  }

  /** @param state {activations} or null */
  update(state) {
    this.state = state;
    this.draw();
  }

  draw() {
    if (!this.mosaic.over) return;
    const { mosaic, count, height, width, state } = this;
    const values = state?.activations ?? new Float32Array(count * height * width);
    const most = largest(values);
    const negative = values.some((value) => value < 0);
    const shade = negative ? (value) => signed(value / most) : (value) => grey(value / most);
    mosaic.clear();
    // All maps as one tall picture, so that many small ones are made at once.
    const tall = picture(width, height * count, (k) => shade(values[k]));
    for (let k = 0; k < count; k++) {
      const [x, y] = mosaic.place(k);
      const left = x + mosaic.cellWidth - this.across;
      mosaic.over.drawImage(tall, 0, k * height, width, height, left, y, this.across, this.side);
    }
    const size = height * width;
    const sums = [...Array(count).keys()].map((k) =>
      values.subarray(k * size, (k + 1) * size).reduce((sum, value) => sum + Math.abs(value), 0),
    );
    const shown = mosaic.choice ?? sums.indexOf(Math.max(...sums));
    mosaic.frame(shown, getComputedStyle(mosaic.element).getPropertyValue("--accent"));
    this.#show(shown, tall, values.subarray(shown * size, (shown + 1) * size));
  }

  #show(k, tall, values) {
    const fires = values.reduce((most, value) => Math.max(most, value), 0);
    this.name.textContent = `Map ${k + 1} of ${this.count}`;
    this.says.textContent = this.state ? `Fires ${fires.toFixed(2)} at its brightest place.` : "Waits for a digit.";
    this.mosaic.tell(k, `map ${k + 1}: ${this.says.textContent}`);
    this.large.getContext("2d").drawImage(tall, 0, k * this.height, this.width, this.height, 0, 0, this.width, this.height);
    if (!this.filters) return;
    const filter = this.pictures[k];
    [this.filter.width, this.filter.height] = [filter.width, filter.height];
    this.filter.getContext("2d").drawImage(filter, 0, 0);
  }
}
