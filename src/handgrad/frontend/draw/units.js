// The units of a dense layer, sorted by contribution: weights as images where the layer's input is the image.

import { contributionRow } from "handgrad/draw/rows.js";
import { ranked, Slots } from "handgrad/draw/slots.js";
import { signedNumber } from "handgrad/draw/wording.js";
import { element } from "handgrad/elements.js";
import { largest, paint, signed } from "handgrad/images.js";

export class Units {
  /**
   * @param layer     the dense layer
   * @param count     outputs of the stage (after Maxout fewer than the layer's units)
   * @param image     [height, width] where the layer's input is the image, else null
   * @param outgoing  weights {shape: [classes, count], values} of the last layer where it follows directly, else null
   * @param names     of the units, or null for numbers
   */
  constructor({ layer, count, image, outgoing, names = null }) {
    Object.assign(this, { layer, count, image, outgoing, names });
    this.slots = new Slots(
      count,
      names ? "classes" : "units",
      () => this.#slot(),
      () => this.update(this.state),
    );
    this.slots.list.classList.toggle("with-images", image !== null);
    this.element = this.slots.element;
  }

  #slot() {
    const row = contributionRow();
    if (!this.image) return row;
    const [height, width] = this.image;
    const images = [0, 1].map(() => element("canvas", { class: "pixels", width, height, "aria-hidden": "true" }));
    row.item.prepend(element("span", { class: "unit-images" }, ...images));
    return { ...row, images };
  }

  /** The incoming weights of a unit; of Maxout those of its first piece. */
  #weightsOf(unit) {
    const { shape, values } = this.layer.parameters.weights;
    const start = unit * (shape[0] / this.count) * shape[1];
    return values.subarray(start, start + shape[1]);
  }

  /** @param state  {activations, inputs (of the layer), focus} or null */
  update(state) {
    this.state = state;
    const activations = state?.activations ?? new Float32Array(this.count);
    const row = state && this.outgoing?.values.subarray(state.focus * this.count, (state.focus + 1) * this.count);
    const values = row ? activations.map((value, unit) => value * row[unit]) : activations;
    const order = state ? ranked(values) : [...values.keys()];
    const most = largest(values);
    this.slots.fill((slot, k) => {
      const unit = order[k];
      const sum = row ? `${activations[unit].toFixed(2)} × ${row[unit].toFixed(2).replace("-", "−")}` : this.names ? "logit" : "activation";
      slot.show(this.names?.[unit] ?? `Unit ${unit + 1}`, state ? sum : "", values[unit] / most, state ? signedNumber(values[unit]) : "");
      if (slot.images) this.#drawImages(slot.images, unit, state?.inputs);
    });
  }

  #drawImages(canvases, unit, inputs) {
    const weights = this.#weightsOf(unit);
    const products = weights.map((weight, k) => (inputs ? weight * inputs[k] : 0));
    [weights, products].forEach((values, k) => {
      const most = largest(values);
      paint(canvases[k], (pixel) => signed(values[pixel] / most));
    });
  }
}
