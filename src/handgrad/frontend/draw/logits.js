// The logit of each class as a sum of positive and negative contributions, and the largest contributions to one of them.

import { contributionRow } from "handgrad/draw/rows.js";
import { ranked } from "handgrad/draw/slots.js";
import { Units } from "handgrad/draw/units.js";
import { signedNumber } from "handgrad/draw/wording.js";
import { element } from "handgrad/elements.js";
import { largest } from "handgrad/images.js";

const TOP = 10;

export class Logits {
  /** @param layer  the last dense layer   @param image  [height, width] where its input is the image, else null */
  constructor({ layer, classes, image }) {
    Object.assign(this, { layer, classes });
    this.inputs = layer.parameters.weights.shape[1];
    this.rows = classes.map((name) => {
      const [negative, positive, total] = ["sum-part negative", "sum-part", "sum-total"].map((kind) => element("span", { class: kind }));
      const number = element("span", { class: "sum-number" });
      const track = element("span", { class: "sum-track", "aria-hidden": "true" }, negative, positive, total);
      return {
        row: element("li", { class: "sum" }, element("span", { class: "sum-name" }, name), track, number),
        negative,
        positive,
        total,
        number,
      };
    });
    this.title = element("h3");
    this.top = Array.from({ length: Math.min(TOP, this.inputs) }, contributionRow);
    this.templates = image && new Units({ layer, count: classes.length, image, outgoing: null, names: classes });
    const sums = element("ul", { class: "sums" }, ...this.rows.map(({ row }) => row));
    const rows = element("ol", { class: "sums top-units" }, ...this.top.map(({ item }) => item));
    this.element = element(
      "div",
      {},
      element("div", { class: "outputs" }, sums, element("div", {}, this.title, rows)),
      this.templates?.element,
    );
  }

  /** @param state  {inputs (of the last layer), activations, focus, name} or null */
  update(state) {
    const { weights, biases } = this.layer.parameters;
    const inputs = state?.inputs ?? new Float32Array(this.inputs);
    const products = (index) => inputs.map((value, k) => value * weights.values[index * this.inputs + k]);
    const sums = this.classes.map((_, index) => {
      const parts = [...products(index), biases?.values[index] ?? 0];
      return [-1, 1].map((sign) => parts.reduce((sum, part) => (part * sign > 0 ? sum + part : sum), 0));
    });
    const most = Math.max(...sums.flat().map(Math.abs), 1e-9);
    this.rows.forEach(({ row, negative, positive, total, number }, index) => {
      const [below, above] = state ? sums[index] : [0, 0];
      negative.style.transform = `scaleX(${below / most})`;
      positive.style.transform = `scaleX(${above / most})`;
      total.style.left = `${50 + (50 * (below + above)) / most}%`;
      number.textContent = state ? signedNumber(below + above) : "";
      number.title = state ? `${signedNumber(above)} and ${signedNumber(below)}` : "";
      row.classList.toggle("focus", state !== null && index === state.focus);
    });
    this.#showTop(state, inputs, state ? products(state.focus) : new Float32Array(this.inputs));
    this.templates?.update(state);
  }

  #showTop(state, inputs, contributions) {
    this.title.textContent = state ? `Largest contributions to ${state.name}` : "Largest contributions";
    const order = ranked(contributions);
    const most = largest(contributions);
    this.top.forEach(({ show }, k) => {
      const input = order[k];
      const weight = this.layer.parameters.weights.values[(state?.focus ?? 0) * this.inputs + input];
      show(
        `${this.templates ? "Pixel" : "Unit"} ${input + 1}`,
        state ? `${inputs[input].toFixed(2)} × ${weight.toFixed(2).replace("-", "−")}` : "",
        contributions[input] / most,
        state ? signedNumber(contributions[input]) : "",
      );
    });
  }
}
