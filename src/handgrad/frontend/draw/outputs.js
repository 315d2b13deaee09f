// What each output added up: all that spoke for a class, all that spoke against it, and the units that did most.

import { element } from "handgrad/elements.js";
import { signedNumber } from "handgrad/draw/units.js";

const TOP = 6;

export class Outputs {
  /** @param layer  the last dense layer   @param hidden  the Units before it, or null */
  constructor({ layer, classes, hidden }) {
    Object.assign(this, { layer, classes, hidden });
    this.rows = classes.map((name) => {
      const [against, speaksFor, total] = ["sum-against", "sum-for", "sum-total"].map((kind) => element("span", { class: kind }));
      const number = element("span", { class: "sum-number" }, "–");
      const row = element(
        "li",
        { class: "sum" },
        element("span", { class: "sum-name" }, name),
        element("span", { class: "sum-track", "aria-hidden": "true" }, against, speaksFor, total),
        number,
      );
      return { row, against, speaksFor, total, number };
    });
    this.title = element("h3", {}, "The units that did most");
    this.top = [...Array(Math.min(TOP, layer.inputShape[0])).keys()].map(() => {
      const canvas = hidden?.image ? element("canvas", { class: "pixels", width: hidden.image[1], height: hidden.image[0], "aria-hidden": "true" }) : null;
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

  /** @param state {activations: inputs of the last layer, focus, name} or null */
  update(state) {
    const { values } = this.layer.parameters.weights;
    const biases = this.layer.parameters.biases?.values;
    const inputs = state?.activations ?? new Float32Array(this.layer.inputShape[0]);
    const sums = this.classes.map((_, index) => {
      const sum = { against: 0, speaksFor: 0 };
      const add = (part) => (part < 0 ? (sum.against += part) : (sum.speaksFor += part));
      for (let unit = 0; unit < inputs.length; unit++) add(inputs[unit] * values[index * inputs.length + unit]);
      add(biases?.[index] ?? 0);
      return sum;
    });
    const most = Math.max(...sums.map(({ against, speaksFor }) => Math.max(-against, speaksFor)), 1e-9);
    this.rows.forEach(({ row, against, speaksFor, total, number }, index) => {
      const sum = sums[index];
      const all = sum.against + sum.speaksFor;
      against.style.transform = `scaleX(${state ? -sum.against / most : 0})`;
      speaksFor.style.transform = `scaleX(${state ? sum.speaksFor / most : 0})`;
      total.style.left = `${50 + (state ? (50 * all) / most : 0)}%`;
      number.textContent = state ? signedNumber(all) : "–";
      number.title = state ? `${signedNumber(sum.speaksFor)} for, ${signedNumber(sum.against)} against` : "";
      row.classList.toggle("focus", state !== null && index === state.focus);
    });
    this.#showTop(state, inputs, values);
  }

  #showTop(state, inputs, values) {
    this.title.textContent = state ? `The units that did most for or against ${state.name}` : "The units that did most";
    const adds = inputs.map((value, unit) => (state ? value * values[state.focus * inputs.length + unit] : 0));
    const order = [...adds.keys()].sort((a, b) => Math.abs(adds[b]) - Math.abs(adds[a]));
    this.top.forEach(({ canvas, text }, k) => {
      const unit = order[k];
      text.textContent = state ? `${signedNumber(adds[unit])} unit ${unit + 1}` : "–";
      text.className = !state ? "" : adds[unit] < 0 ? "against" : "for";
      if (canvas) canvas.getContext("2d").drawImage(this.hidden.pictureOf(unit), 0, 0);
    });
  }
}
