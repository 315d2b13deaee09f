// One step: its array and those that it is computed from, the formula, the code, and the sum behind one entry.

import { button, element } from "handgrad/elements.js";
import { token } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";
import { codeOf, trace } from "handgrad/model/explanation.js";
import { size } from "handgrad/model/shapes.js";
import { ArrayImage } from "handgrad/steps/arrays.js";
import { entryName, showCode, showSum } from "handgrad/steps/sum.js";

const LENS = 168; // side of an enlarged tile, in CSS pixels
const SWEEP = 900; // ms in which the entries of an array appear

/** The indices of an entry. */
function indexOf(offset, shape) {
  const index = shape.map(() => 0);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = offset % shape[axis];
    offset = Math.floor(offset / shape[axis]);
  }
  return index;
}

export class Stage {
  #entries = new Map(); // the selected entry of each step
  #frame = 0;

  /** @param {(name: string) => void} open  called with the name of a step that is to be shown */
  constructor(open) {
    this.open = open;
    this.title = element("h2");
    this.formula = element("p", { class: "step-formula" });
    this.result = element("div", { class: "step-result" });
    this.sources = element("div", { class: "step-sources" });
    this.sum = element("section", { class: "step-sum", "aria-label": "The sum behind one number", "aria-live": "polite" });
    this.code = element("section", { class: "step-code", "aria-label": "Code" });
    const arrays = element("div", { class: "step-arrays" }, this.result, this.sources);
    this.head = element("div", { class: "step-head head" }, element("div", {}, this.title, this.formula));
    this.element = element("div", { class: "step" }, this.head, arrays, element("div", { class: "step-text" }, this.sum, this.code));
  }

  /**
   * Show a step.
   * @param {import("handgrad/model/explanation.js").Step} step
   * @param {import("handgrad/model/explanation.js").Explanation} explanation
   * @param {string} title
   * @param {(name: string) => Object} options  of `ArrayImage`
   * @param {boolean} sweep  whether the entries appear one after another
   */
  show(step, { arrays, steps }, title, options, sweep) {
    this.step = step;
    this.title.textContent = title;
    this.formula.textContent = step.formula;
    const named = (name) => steps.some((each) => each.name === name);
    const width = this.result.clientWidth || 600;
    this.main = this.#figure(step.name, step, { ...options(step.name), width, height: 150 }, false);
    this.result.replaceChildren(this.main.figure);
    this.images = new Map();
    const bySize = step.sources.map((name) => [name, arrays[name]]).sort(([, a], [, b]) => size(a.shape) - size(b.shape));
    let left = width; // the largest takes what the others leave
    for (const [k, [name, array]] of bySize.entries()) {
      const share = k + 1 < bySize.length ? width / 3 : Math.max(left - LENS - 24, width / 3);
      const figure = this.#figure(name, array, { ...options(name), width: share, height: 190 }, named(name));
      left -= figure.image.size[0] + 24;
      this.images.set(name, figure);
    }
    this.sources.replaceChildren(...step.sources.map((name) => this.images.get(name).figure));
    this.#listen(this.main);
    const code = codeOf(step);
    this.code.replaceChildren(...(code ? showCode(code) : []));
    const kept = this.#entries.get(step.name) ?? -1;
    const most = step.values.reduce((best, value, k) => (Math.abs(value) > Math.abs(step.values[best]) ? k : best), 0);
    this.select(kept >= 0 && kept < step.values.length ? kept : most);
    if (sweep && step.values.length > 1 && token("--motion") !== "0") this.#sweep();
  }

  #figure(name, array, options, opens) {
    const canvas = element("canvas", { class: "array", role: "img", "aria-label": `${name}, ${array.shape.join(" by ") || "a number"}` });
    const image = new ArrayImage(canvas, array, options);
    const title = opens ? button(name, () => this.open(name), { class: "quiet step-name" }) : element("b", {}, name);
    const value = element("span");
    const caption = element(
      "figcaption",
      {},
      title,
      element("span", {}, array.shape.filter((length, k) => k || length > 1).join(" × ") || "1"),
      value,
    );
    const labels = options.labels ? this.#labels(options.labels, image) : null;
    const lens = image.tiles.isImage && image.tiles.count > 1 && image.at.x < 4 ? element("canvas", { "aria-hidden": "true" }) : null;
    const box = element("div", { class: "step-array" }, labels, canvas);
    const figure = element("figure", {}, caption, element("div", { class: "step-images" }, lens, box));
    canvas.addEventListener("pointermove", (event) => {
      const offset = image.entryAt(event.offsetX, event.offsetY);
      value.textContent = offset < 0 ? "" : `${entryName(name, indexOf(offset, array.shape))} = ${number(array.values[offset])}`;
    });
    canvas.addEventListener("pointerleave", () => (value.textContent = ""));
    return { name, canvas, image, lens, figure };
  }

  /** The names of classes or columns above the cells of a vector. */
  #labels(labels, image) {
    if (image.at.columns < labels.length || image.at.x < 24) return null;
    const names = labels.map((text) => element("span", { style: `width: ${image.at.x + image.tiles.gap}px` }, text));
    return element("div", { class: "step-labels", "aria-hidden": "true" }, ...names);
  }

  /** The entries of the result are selected by pointing, and by arrow keys. */
  #listen({ canvas, image }) {
    const settings = { role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-valuemax": String(this.step.values.length - 1) };
    for (const [name, value] of Object.entries(settings)) canvas.setAttribute(name, value);
    const point = (event) => {
      const offset = image.entryAt(event.offsetX, event.offsetY);
      if (offset >= 0 && offset !== this.entry) this.select(offset);
    };
    for (const kind of ["pointermove", "pointerdown"]) canvas.addEventListener(kind, point);
    canvas.addEventListener("keydown", (event) => {
      const found = image.move(this.entry, event.key);
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      event.stopPropagation();
      this.select(found);
    });
  }

  /** Show the sum behind an entry, and mark what it uses. */
  select(offset) {
    cancelAnimationFrame(this.#frame);
    const { step, main } = this;
    this.entry = offset;
    this.#entries.set(step.name, offset);
    const index = indexOf(offset, step.shape);
    const derivation = trace(step, index);
    const name = entryName(step.name, index);
    this.#mark(derivation.uses, null, { entry: step.values.length > 1 ? offset : -1 });
    const children = showSum(name, derivation, (uses) => this.#mark(derivation.uses, uses, { entry: offset }));
    this.sum.replaceChildren(...children.filter(Boolean));
    main.canvas.setAttribute("aria-valuenow", String(offset));
    main.canvas.setAttribute("aria-valuetext", `${name} = ${number(derivation.value)}`);
  }

  #mark(uses, strong, marks) {
    this.main.image.draw(marks);
    for (const [name, { image, canvas, lens }] of this.images) {
      const used = uses[name] ?? new Set();
      image.draw({ used, strong: strong?.[name] });
      const [first] = strong?.[name] ?? used;
      if (first === undefined) continue;
      canvas.parentElement.scrollTop = image.corner(first)[1] - 60;
      if (!lens) continue;
      const { array, within } = image.tileOf(first);
      new ArrayImage(lens, array, { images: [], width: LENS, height: LENS }).draw({ used: within(used), strong: within(strong?.[name]) });
    }
  }

  /** Let the entries appear one after another, each with what it uses. */
  #sweep() {
    const { step } = this;
    const start = performance.now();
    const entry = this.entry;
    const frame = (now) => {
      const share = Math.min(1, (now - start) / SWEEP);
      if (share === 1) return this.select(entry);
      const offset = Math.floor(share * step.values.length);
      this.#mark(trace(step, indexOf(offset, step.shape)).uses, null, { entry: offset, shown: offset + 1 });
      this.#frame = requestAnimationFrame(frame);
    };
    this.#frame = requestAnimationFrame(frame);
  }

  redraw() {
    if (this.step) this.select(this.entry);
  }
}
