// The logit of each class as a sum of positive and negative contributions, and the largest contributions of units.

import { element } from "handgrad/elements.js";
import { signedNumber } from "handgrad/draw/units.js";

const TOP = 6;
const HEADING = "Largest contributions";

export class Logits {
  /** @param layer  the last dense layer   @param hidden  the Units before it, or null */
  constructor({ layer, classes, hidden }) {
    Object.assign(this, { layer, classes, hidden });
    this.rows = classes.map((name) => {
      const [negative, positive, total] = ["sum-negative", "sum-positive", "sum-total"].map((kind) => element("span", { class: kind }));
      const number = element("span", { class: "sum-number" }, "–");
      const track = element("span", { class: "sum-track", "aria-hidden": "true" }, negative, positive, total);
      return {
        row: element("li", { class: "sum" }, element("span", { class: "sum-name" }, name), track, number),
        negative,
        positive,
        total,
        number,
      };
    });
    this.title = element("h3", {}, HEADING);
    this.top = Array.from({ length: Math.min(TOP, layer.inputShape[0]) }, () => {
      const canvas = hidden?.image
        ? element("canvas", { class: "pixels", width: hidden.image[1], height: hidden.image[0], "aria-hidden": "true" })
        : null;
      const text = element("span", {}, " ");
      return { canvas, text, item: element("li", {}, canvas, text) };
    });
    this.element = element(
      "div",
      { class: "outputs" },
      element("ul", { class: "sums" }, ...this.rows.map(({ row }) => row)),
      element("div", { class: "top-units" }, this.title, element("ol", {}, ...this.top.map(({ item }) => item))),
    );
  }

  /** @param state  {inputs (of the last layer), focus, name} or null */
  update(state) {
    const { values } = this.layer.parameters.weights;
    const biases = this.layer.parameters.biases?.values;
    const inputs = state?.inputs ?? new Float32Array(this.layer.inputShape[0]);
    const sums = this.classes.map((_, index) => {
      const sum = { negative: 0, positive: 0 };
      const add = (part) => (part < 0 ? (sum.negative += part) : (sum.positive += part));
      for (let unit = 0; unit < inputs.length; unit++) add(inputs[unit] * values[index * inputs.length + unit]);
      add(biases?.[index] ?? 0);
      return sum;
    });
    const most = Math.max(...sums.map((sum) => Math.max(-sum.negative, sum.positive)), 1e-9);
    this.rows.forEach(({ row, negative, positive, total, number }, index) => {
      const sum = state ? sums[index] : { negative: 0, positive: 0 };
      const logit = sum.negative + sum.positive;
      negative.style.transform = `scaleX(${-sum.negative / most})`;
      positive.style.transform = `scaleX(${sum.positive / most})`;
      total.style.left = `${50 + (50 * logit) / most}%`;
      number.textContent = state ? signedNumber(logit) : "–";
      number.title = state ? `${signedNumber(sum.positive)} and ${signedNumber(sum.negative)}` : "";
      row.classList.toggle("focus", state !== null && index === state.focus);
    });
    this.#showTop(state, inputs, values);
  }

  #showTop(state, inputs, values) {
    this.title.textContent = state ? `${HEADING} to ${state.name}` : HEADING;
    const contributions = inputs.map((value, unit) => (state ? value * values[state.focus * inputs.length + unit] : 0));
    const order = [...contributions.keys()].sort((a, b) => Math.abs(contributions[b]) - Math.abs(contributions[a]));
    this.top.forEach(({ canvas, text }, k) => {
      const unit = order[k];
      text.textContent = state ? `${signedNumber(contributions[unit])} unit ${unit + 1}` : "–";
      if (canvas) canvas.getContext("2d").drawImage(this.hidden.imageOf(unit), 0, 0);
    });
  }
}
