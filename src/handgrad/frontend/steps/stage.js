// One step: its array and those that it is computed from, the formula, the code, and the sum behind one entry.

import { ArrayImage } from "handgrad/arrays.js";
import { ARROWS, argmax, button, element } from "handgrad/elements.js";
import { number } from "handgrad/model/derivation.js";
import { codeOf, trace } from "handgrad/model/explanation.js";
import { size } from "handgrad/model/shapes.js";
import { showCode, showSum } from "handgrad/steps/sum.js";

const LENS = 168; // side of an enlarged tile, in CSS pixels
const HEIGHT = 150; // of the result
const SWEEP = 900; // ms in which the entries of an array appear
const MOTION = matchMedia("(prefers-reduced-motion: no-preference)");

/** The indices of an entry. */
function indexOf(offset, shape) {
  const below = shape.map((_, axis) => size(shape.slice(axis + 1)));
  return shape.map((length, axis) => Math.floor(offset / below[axis]) % length);
}

/** The name of an entry, e.g. z1[0,7]. */
const entryName = (name, offset, shape) => (shape.length ? `${name}[${indexOf(offset, shape)}]` : name);

export class Stage {
  #entries = new Map(); // the selected entry of each step
  #frame = 0;

  /**
   * @param {(name: string) => void} open  called with the name of a step that is to be shown
   * @param {(name: string) => boolean} isStep  whether a step has this name
   */
  constructor(open, isStep) {
    this.open = open;
    this.isStep = isStep;
    this.title = element("h2");
    this.formula = element("p", { class: "step-formula" });
    this.result = element("div", { class: "step-result" });
    this.sources = element("div", { class: "step-sources" });
    this.sum = element("section", { class: "step-sum", "aria-label": "The sum behind one number", "aria-live": "polite" });
    this.code = element("section", { class: "step-code", "aria-label": "Code" });
    const text = element("div", {}, this.sum, this.code);
    this.head = element("div", { class: "step-head head" }, element("div", {}, this.title, this.formula));
    this.element = element("div", { class: "step" }, this.head, element("div", {}, this.result, this.sources), text);
  }

  /**
   * Show a step.
   * @param {import("handgrad/model/explanation.js").Step} step
   * @param {Object} arrays  all arrays by name
   * @param {(name: string) => Object} options  of `ArrayImage`
   * @param {boolean} sweep  whether the entries appear one after another
   */
  show(step, arrays, options, sweep) {
    this.step = step;
    this.formula.textContent = step.formula;
    const width = this.result.clientWidth;
    this.main = this.#figure(step.name, step, { ...options(step.name), width, height: HEIGHT });
    this.result.replaceChildren(this.main.figure);
    const bySize = [...step.sources].sort((a, b) => size(arrays[a].shape) - size(arrays[b].shape));
    this.images = new Map();
    let left = width; // the largest array takes what the others leave
    for (const name of bySize) {
      const share = size(arrays[name].shape) <= 16 ? width : name === bySize.at(-1) ? Math.max(left, width / 3) : width / 3;
      const found = this.#figure(name, arrays[name], { ...options(name), width: share, height: LENS });
      left -= found.image.size[0] + 24;
      this.images.set(name, found);
    }
    this.sources.replaceChildren(...step.sources.map((name) => this.images.get(name).figure));
    this.#listen(this.main);
    const code = codeOf(step);
    this.code.replaceChildren(...(code ? showCode(code) : []));
    const largest = argmax(Array.from(step.values, Math.abs));
    this.select(Math.min(this.#entries.get(step.name) ?? largest, step.values.length - 1));
    if (sweep && step.values.length > 1 && MOTION.matches) this.#sweep();
  }

  #figure(name, array, options) {
    const canvas = element("canvas", { role: "img", "aria-label": `${name}, ${array.shape.join(" by ") || "a number"}` });
    let image = new ArrayImage(canvas, array, options);
    const small = image.tiles.isImage && image.tiles.count > 1 && image.at.x < 4;
    const lens = small ? element("canvas", { "aria-hidden": "true" }) : null; // for the tile that is used, enlarged
    if (lens) image = new ArrayImage(canvas, array, { ...options, width: options.width - LENS - 12 });
    const { x, columns } = image.at;
    const labels = x >= 24 && columns === options.labels.length ? options.labels : [];
    const names = labels.map((text) => element("span", { style: `width: ${x + image.tiles.gap}px` }, text));
    const value = element("span");
    const point = ({ offsetX, offsetY, type }) => {
      const offset = type === "pointerleave" ? -1 : image.entryAt(offsetX, offsetY);
      value.textContent = offset < 0 ? "" : `${entryName(name, offset, array.shape)} = ${number(array.values[offset])}`;
    };
    for (const kind of ["pointermove", "pointerdown", "pointerleave"]) canvas.addEventListener(kind, point);
    const opens = this.isStep(name) && name !== this.step.name;
    const title = opens ? button(name, () => this.open(name), { class: "quiet" }) : element("b", {}, name);
    const shape = element("span", {}, array.shape.join(" × "));
    const scrolls = image.size[1] > LENS + 8 ? { tabindex: 0, role: "group", "aria-label": name } : {};
    const heads = element("div", { class: "step-labels", "aria-hidden": "true" }, ...names);
    const box = element("div", { class: "step-array", ...scrolls }, heads, canvas);
    const caption = element("figcaption", {}, title, shape, value);
    const figure = element("figure", {}, caption, element("div", { class: "step-images" }, lens, box));
    return { name, canvas, image, lens, figure };
  }

  /** The entries of the result are selected by pointing, and by arrow keys. */
  #listen({ canvas, image }) {
    const settings = { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": this.step.values.length - 1 };
    for (const [name, value] of Object.entries(settings)) canvas.setAttribute(name, String(value));
    const point = ({ offsetX, offsetY }) => {
      const offset = image.entryAt(offsetX, offsetY);
      if (offset >= 0 && offset !== this.entry) this.select(offset);
    };
    for (const kind of ["pointermove", "pointerdown"]) canvas.addEventListener(kind, point);
    canvas.addEventListener("keydown", (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      this.select(image.beside(this.entry, ...ARROWS[event.key]));
    });
  }

  /** Show the sum behind an entry, and mark what it uses. */
  select(offset) {
    cancelAnimationFrame(this.#frame);
    const { step, main } = this;
    this.entry = offset;
    this.#entries.set(step.name, offset);
    const derivation = trace(step, indexOf(offset, step.shape));
    const name = entryName(step.name, offset, step.shape);
    this.#mark(offset, derivation.uses);
    this.sum.replaceChildren(...showSum(name, derivation, (uses) => this.#mark(offset, derivation.uses, uses)));
    main.canvas.setAttribute("aria-valuenow", String(offset));
    main.canvas.setAttribute("aria-valuetext", `${name} = ${number(derivation.value)}`);
  }

  /** Mark an entry of the result, what its sum uses, and what one term uses. */
  #mark(offset, uses, ofTerm = null, shown = undefined) {
    this.#draw(this.main, { strong: this.step.values.length > 1 ? new Set([offset]) : undefined, shown });
    for (const [name, figure] of this.images) this.#draw(figure, { used: uses[name] ?? new Set(), strong: ofTerm?.[name] });
  }

  #draw({ image, canvas, lens }, marks) {
    image.draw(marks);
    const [first] = marks.strong ?? marks.used ?? [];
    if (first === undefined) return;
    canvas.parentElement.scrollTop = image.corner(first)[1] - LENS / 2;
    if (!lens) return;
    const { array, within } = image.tileOf(first);
    const { used, strong } = marks;
    const enlarged = new ArrayImage(lens, array, { images: [], width: LENS, height: LENS });
    enlarged.draw({ used: used && within(used), strong: strong && within(strong) });
  }

  /** Let the entries appear one after another, each with what it uses. */
  #sweep() {
    const { step, entry } = this;
    const start = performance.now();
    const frame = (now) => {
      const offset = Math.floor((Math.max(0, now - start) / SWEEP) * step.values.length);
      if (offset >= step.values.length) return this.select(entry);
      this.#mark(offset, trace(step, indexOf(offset, step.shape)).uses, null, offset + 1);
      this.#frame = requestAnimationFrame(frame);
    };
    this.#frame = requestAnimationFrame(frame);
  }
}
