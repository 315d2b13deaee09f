// The feature maps of a stage that returns images, and its filters where their input has one channel.

import { Slots } from "handgrad/draw/slots.js";
import { element } from "handgrad/elements.js";
import { largest, paint, signed } from "handgrad/images.js";

export class Maps {
  /**
   * @param layer  the first layer of the stage
   * @param shape  [channels, height, width] of the output
   */
  constructor({ layer, shape }) {
    this.shape = shape;
    const weights = layer.parameters.weights;
    const single = weights?.shape.length === 4 && weights.shape[0] === shape[0] && weights.shape[1] === 1;
    this.filters = single ? { sides: weights.shape.slice(2), values: weights.values } : null;
    this.slots = new Slots(
      shape[0],
      "feature maps",
      () => this.#slot(),
      () => this.update(this.state),
    );
    this.slots.list.classList.add("maps");
    this.element = this.slots.element;
  }

  #slot() {
    const canvas = ([height, width], kind) => element("canvas", { class: `pixels ${kind}`, width, height, "aria-hidden": "true" });
    const [map, filter] = [canvas(this.shape.slice(1), "map"), this.filters && canvas(this.filters.sides, "filter")];
    const text = element("span", { class: "sum-text" });
    return { item: element("li", {}, element("span", { class: "unit-images" }, filter, map), text), map, filter, text };
  }

  /** @param state  {activations} or null */
  update(state) {
    this.state = state;
    const [count, height, width] = this.shape;
    const values = state?.activations ?? new Float32Array(count * height * width);
    const most = largest(values);
    this.slots.fill(({ map, filter, text }, k) => {
      const own = values.subarray(k * height * width, (k + 1) * height * width);
      paint(map, (pixel) => signed(own[pixel] / most));
      if (filter) this.#drawFilter(filter, k);
      text.textContent = `Map ${k + 1}${state ? `: at most ${own.reduce((a, b) => Math.max(a, b)).toFixed(2)}` : ""}`;
    });
  }

  #drawFilter(canvas, k) {
    const [height, width] = this.filters.sides;
    const weights = this.filters.values.subarray(k * height * width, (k + 1) * height * width);
    const most = largest(weights);
    paint(canvas, (pixel) => signed(weights[pixel] / most));
  }
}
