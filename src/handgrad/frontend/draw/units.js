// What a layer computes: the units of dense layers, feature maps, and logits as sums of contributions.

import { barRow, ranked, slotList } from "handgrad/bars.js";
import { signedNumber } from "handgrad/draw/wording.js";
import { element } from "handgrad/elements.js";
import { largest, paint, signed } from "handgrad/images.js";

const TOP = 10; // contributions to a logit
const figure = (height, width, kind = "") => element("canvas", { class: `pixels ${kind}`, width, height, "aria-hidden": "true" });
const product = (value, weight) => `${value.toFixed(2)} × ${weight.toFixed(2).replace("-", "−")}`;

const paintSigned = (canvas, values, most = largest(values)) => paint(canvas, (k) => signed(values[k] / most));

/**
 * The units of a dense layer, sorted by contribution, with images of their weights where the layer's input is the image.
 * @param layer     the dense layer
 * @param count     outputs of the stage (after Maxout fewer than the layer's units)
 * @param image     [height, width] where the layer's input is the image, else null
 * @param outgoing  weights of the last layer where it follows directly, else null
 * @param names     of the units, or null for numbers
 */
export function unitsView({ layer, count, image, outgoing, names = null }) {
  let [state, order, values, activations, row] = [null, [], new Float32Array(count), new Float32Array(count), null];
  const list = slotList(count, names ? "classes" : "units", image ? "with-images" : "", create, fill);

  function create() {
    const slot = barRow();
    const images = image ? [figure(...image), figure(...image)] : [];
    if (image) slot.item.prepend(element("span", { class: "images" }, ...images));
    return { ...slot, images };
  }

  function fill({ show, images }, k) {
    const unit = order[k];
    const text = row ? product(activations[unit], row[unit]) : names ? "logit" : "activation";
    show(names?.[unit] ?? `Unit ${unit + 1}`, state ? text : "", values[unit] / largest(values), state ? signedNumber(values[unit]) : "");
    if (!image) return;
    const { shape, values: all } = layer.parameters.weights;
    const start = unit * (shape[0] / count) * shape[1]; // of a Maxout unit the first piece
    const weights = all.subarray(start, start + shape[1]);
    paintSigned(images[0], weights);
    paintSigned(images[1], state ? weights.map((weight, i) => weight * state.inputs[i]) : new Float32Array(shape[1]));
  }

  /** @param next  inputs of the layer, activations and focus, or null */
  function update(next) {
    state = next;
    activations = state?.activations ?? new Float32Array(count);
    row = state && outgoing?.values.subarray(state.focus * count, (state.focus + 1) * count);
    values = row ? activations.map((value, unit) => value * row[unit]) : activations;
    order = state ? ranked(values) : [...values.keys()];
    list.update();
  }
  return { element: list.element, update };
}

/** The feature maps of a stage, of [channels, height, width], and filters where the first layer has one channel. */
export function mapsView({ layer, shape: [count, height, width] }) {
  const weights = layer.parameters.weights;
  const [filterHeight, filterWidth] = weights?.shape[1] === 1 && weights.shape[0] === count ? weights.shape.slice(2) : [0, 0];
  let [state, values] = [null, null];
  const list = slotList(count, "feature maps", "maps", create, fill);

  function create() {
    const [map, filter] = [figure(height, width), filterHeight ? figure(filterHeight, filterWidth, "filter") : null];
    const text = element("span", { class: "sum-text" });
    return { item: element("li", {}, element("span", { class: "images" }, filter, map), text), map, filter, text };
  }

  function fill({ map, filter, text }, k) {
    const own = values.subarray(k * height * width, (k + 1) * height * width);
    paintSigned(map, own, largest(values));
    const size = filterHeight * filterWidth;
    if (filter) paintSigned(filter, weights.values.subarray(k * size, (k + 1) * size));
    text.textContent = `Map ${k + 1}${state ? `: at most ${own.reduce((a, b) => Math.max(a, b)).toFixed(2)}` : ""}`;
  }

  function update(next) {
    state = next;
    values = state?.activations ?? new Float32Array(count * height * width);
    list.update();
  }
  return { element: list.element, update };
}

/** The logit of each class as a sum of positive and negative contributions, and the largest contributions to one of them. */
export function logitsView({ layer, classes, image }) {
  const { weights, biases } = layer.parameters;
  const width = weights.shape[1];
  const rows = classes.map((name) => {
    const [negative, positive, total] = ["sum-part negative", "sum-part", "sum-total"].map((kind) => element("span", { class: kind }));
    const number = element("span", { class: "sum-number" });
    const track = element("span", { class: "sum-track", "aria-hidden": "true" }, negative, positive, total);
    const row = element("li", { class: "sum" }, element("span", { class: "sum-name" }, name), track, number);
    return { row, negative, positive, total, number };
  });
  const title = element("h3");
  const top = Array.from({ length: Math.min(TOP, width) }, barRow);
  const templates = image ? unitsView({ layer, count: classes.length, image, outgoing: null, names: classes }) : null;
  const largestOnes = element("div", {}, title, element("ol", { class: "sums top-units" }, ...top.map(({ item }) => item)));
  const sums = element("ul", { class: "sums" }, ...rows.map(({ row }) => row));

  /** @param state  inputs of the layer, activations, focus and name, or null */
  function update(state) {
    const inputs = state?.inputs ?? new Float32Array(width);
    const products = (index) => inputs.map((value, k) => value * weights.values[index * width + k]);
    const parts = classes.map((_, index) => {
      const all = [...products(index), biases?.values[index] ?? 0];
      return [-1, 1].map((sign) => all.reduce((sum, part) => (state && part * sign > 0 ? sum + part : sum), 0));
    });
    const most = largest(parts.flat());
    rows.forEach(({ row, negative, positive, total, number }, index) => {
      const [below, above] = parts[index];
      negative.style.transform = `scaleX(${below / most})`;
      positive.style.transform = `scaleX(${above / most})`;
      total.style.left = `${50 + (50 * (below + above)) / most}%`;
      number.textContent = state ? signedNumber(below + above) : "";
      row.classList.toggle("focus", state !== null && index === state.focus);
    });
    title.textContent = state ? `Largest contributions to ${state.name}` : "Largest contributions";
    const focus = state?.focus ?? 0;
    const contributions = products(focus);
    ranked(contributions)
      .slice(0, top.length)
      .forEach((input, k) => {
        const value = contributions[input];
        const text = state ? product(inputs[input], weights.values[focus * width + input]) : "";
        top[k].show(`${image ? "Pixel" : "Unit"} ${input + 1}`, text, value / largest(contributions), state ? signedNumber(value) : "");
      });
    templates?.update(state);
  }
  return { element: element("div", {}, element("div", { class: "outputs" }, sums, largestOnes), templates?.element), update };
}
