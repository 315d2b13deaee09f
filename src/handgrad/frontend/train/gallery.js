// Test images, classified again by each new network; errors are framed and show the predicted class.

import { ink, paint } from "handgrad/images.js";
import { button, digitCanvas, element, moveFocus, panel } from "handgrad/elements.js";
import { Evaluator } from "handgrad/train/evaluator.js";
import { count, percent, sourceName } from "handgrad/train/format.js";
import { examplesOf, testDataFor } from "handgrad/train/test_images.js";

const CELLS = matchMedia("(max-width: 48rem)").matches ? 48 : 120; // images per page
const EMPTY = "Test images are classified when there is a network.";
const ALL_CLASSES = () => element("option", { value: "" }, "all classes");

export class Gallery {
  #examples = null;
  #predictions = []; // for each example the name of the predicted class, or undefined
  #shown = []; // the indices of the examples on this page
  #page = 0;
  #network = null;
  #requested = false; // whether the network has to classify the images, once the current pass is over
  #source = null;
  #instead = ""; // a sentence, where these are not the test images of the run's data
  #running = false;
  #errorsOnly = false;

  constructor(app) {
    this.app = app;
    this.evaluator = new Evaluator();
    this.all = button("All", () => this.#filter(false), { "aria-pressed": "true" });
    this.errors = button("Errors", () => this.#filter(true), { "aria-pressed": "false" });
    this.classes = element("select", { "aria-label": "Class", onchange: () => this.#turn(-Infinity) }, ALL_CLASSES());
    this.status = element("p", { class: "note gallery-status" }, EMPTY);
    this.range = element("p", { class: "note gallery-range" });
    this.cells = Array.from({ length: CELLS }, (_, k) => this.#cell(k));
    this.grid = element(
      "div",
      { class: "gallery-grid", role: "group", "aria-label": "Test images", onkeydown: (event) => this.#onKey(event) },
      ...this.cells.map((cell) => cell.button),
    );
    const step = (by, label, text) => button(text, () => this.#turn(by), { "aria-label": label });
    this.element = panel(
      "gallery",
      "Test images",
      element("div", { class: "gallery-head" }, element("h2", {}, "Test images"), this.status),
      element(
        "div",
        { class: "row gallery-controls" },
        element("div", { class: "row", role: "group", "aria-label": "Filter" }, this.all, this.errors),
        this.classes,
        element("div", { class: "row gallery-pages" }, step(-1, "Previous images", "←"), this.range, step(1, "Next images", "→")),
      ),
      this.grid,
    );
    this.#layOut();
  }

  /** Show the test images for a run's data; null: none. */
  async open(source) {
    if (source === this.#source) return;
    this.#source = source;
    this.#reset();
    this.#examples = null;
    this.#requested = this.#network !== null;
    this.status.textContent = source === null ? EMPTY : "Loading test images …";
    this.#layOut();
    if (source === null) return;
    try {
      const { name, instead } = await testDataFor(this.app, source);
      const examples = await examplesOf(this.app, name);
      if (source !== this.#source) return;
      this.#instead = instead ? `. ${sourceName(instead)} has no test images: these are of ${name}` : "";
      this.#examples = examples;
      this.classes.replaceChildren(ALL_CLASSES(), ...examples.classes.map((each) => element("option", { value: each }, each)));
      this.#showCount();
      this.#layOut();
      this.#classify();
    } catch (error) {
      if (source === this.#source) this.status.textContent = `No test images: ${error.message}`;
    }
  }

  /** Classify the images by another network; null: by none. */
  setNetwork(network) {
    this.#network = network;
    this.#requested = network !== null;
    if (network) return this.#classify();
    this.#reset();
    if (this.#examples) this.#showCount();
    this.#layOut();
  }

  #reset() {
    this.evaluator.stop();
    this.#running = false;
    this.#predictions = [];
  }

  async #classify() {
    if (this.#running || !this.#requested || !this.#examples) return;
    const [network, examples] = [this.#network, this.#examples];
    this.#requested = false;
    if (!network.takesDrawings || network.task !== "classification") {
      this.status.textContent = "This network does not classify images of 28×28.";
      return;
    }
    this.#running = true;
    this.grid.setAttribute("aria-busy", "true");
    const finished = await this.evaluator.classify(network, examples.pixels, examples.count, (first, found) => {
      found.forEach((index, k) => (this.#predictions[first + k] = network.classes[index]));
      this.#setStatus(`classifying ${examples.name}: ${count(first + found.length)} of ${count(examples.count)}`);
      if (!this.#errorsOnly) this.#mark(first, first + found.length);
    });
    if (!finished) return;
    this.#running = false;
    this.grid.setAttribute("aria-busy", "false");
    this.#showErrors();
    this.#layOut();
    this.#classify();
  }

  #showErrors() {
    const { labels, name } = this.#examples;
    const errors = new Map(); // by class
    labels.forEach((label, k) => this.#isError(k) && errors.set(label, (errors.get(label) ?? 0) + 1));
    const total = [...errors.values()].reduce((sum, each) => sum + each, 0);
    this.#setStatus(`${count(total)} errors in ${count(labels.length)} of ${name}: accuracy ${percent(1 - total / labels.length)}`);
    for (const option of this.classes.options) {
      if (option.value) option.textContent = `${option.value} (${errors.get(option.value) ?? 0} errors)`;
    }
  }

  #showCount() {
    this.#setStatus(`${count(this.#examples.count)} of ${this.#examples.name}`);
  }

  #setStatus(text) {
    this.status.textContent = `${text}${this.#instead}`;
  }

  #isError(k) {
    return this.#predictions[k] !== undefined && this.#predictions[k] !== this.#examples.labels[k];
  }

  #filter(errorsOnly) {
    this.#errorsOnly = errorsOnly;
    this.all.setAttribute("aria-pressed", !errorsOnly);
    this.errors.setAttribute("aria-pressed", errorsOnly);
    this.#turn(-Infinity);
  }

  #turn(by) {
    this.#page = by === -Infinity ? 0 : this.#page + by;
    this.#layOut();
  }

  /** Select the examples of this page, and paint them. */
  #layOut() {
    const label = this.classes.value;
    const all = [...Array(this.#examples?.count ?? 0).keys()];
    const matching = all.filter((k) => (!label || this.#examples.labels[k] === label) && (!this.#errorsOnly || this.#isError(k)));
    const pages = Math.max(1, Math.ceil(matching.length / CELLS));
    this.#page = Math.min(pages - 1, Math.max(0, this.#page));
    this.#shown = matching.slice(this.#page * CELLS, (this.#page + 1) * CELLS);
    const first = this.#page * CELLS + 1;
    this.range.textContent = matching.length ? `${count(first)}–${count(first + this.#shown.length - 1)} of ${count(matching.length)}` : "none";
    this.cells.forEach((cell, position) => this.#fill(cell, this.#shown[position]));
    const at = this.cells.findIndex((cell) => cell.button.tabIndex === 0);
    if (at >= this.#shown.length) this.#setTabStop(Math.max(0, this.#shown.length - 1));
  }

  #setTabStop(position) {
    this.cells.forEach((cell, k) => (cell.button.tabIndex = k === position ? 0 : -1));
  }

  #cell(position) {
    const canvas = digitCanvas();
    const text = element("span", { class: "gallery-text" });
    const open = () => this.app.showExample(this.#pixels(this.#shown[position]), this.#examples.labels[this.#shown[position]]);
    const image = button(canvas, open, { class: "gallery-image", tabindex: position ? -1 : 0 });
    image.append(text);
    return { button: image, canvas, text };
  }

  #pixels(k) {
    return this.#examples.pixels.subarray(k * 784, (k + 1) * 784);
  }

  #fill(cell, k) {
    cell.button.classList.toggle("empty", k === undefined);
    cell.button.disabled = k === undefined;
    if (k === undefined) return cell.button.removeAttribute("aria-label");
    if (cell.index !== k || cell.examples !== this.#examples) {
      const pixels = this.#pixels(k);
      paint(cell.canvas, (pixel) => ink(pixels[pixel] / 255));
      [cell.index, cell.examples] = [k, this.#examples];
    }
    this.#write(cell, k);
  }

  /** Write the predictions for a range of examples, where these are on this page. */
  #mark(first, end) {
    this.#shown.forEach((k, position) => k >= first && k < end && this.#write(this.cells[position], k));
  }

  #write(cell, k) {
    const label = this.#examples.labels[k];
    const prediction = this.#predictions[k];
    const error = this.#isError(k);
    cell.button.classList.toggle("error", error);
    cell.text.textContent = error ? `${label} → ${prediction}` : label;
    const result = error ? `error: predicted as ${prediction}` : prediction === undefined ? "not classified yet" : "correct";
    cell.button.setAttribute("aria-label", `Image ${k + 1}, labelled ${label}, ${result}`);
  }

  #onKey(event) {
    const buttons = this.cells.slice(0, this.#shown.length).map((cell) => cell.button);
    moveFocus(event, buttons, Math.max(0, buttons.findIndex((each) => each.offsetTop > buttons[0].offsetTop)));
  }
}
