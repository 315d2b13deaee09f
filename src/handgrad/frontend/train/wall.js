// The wall: test images, read again and again by the newest network, the mistakes framed and their wrong answers written.

import { grey, paint } from "handgrad/draw/shades.js";
import { element } from "handgrad/elements.js";
import { Reader } from "handgrad/train/reader.js";
import { examplesOf, testDataFor } from "handgrad/train/test_images.js";
import { count, percent, sourceName } from "handgrad/train/words.js";

const PLACES = matchMedia("(max-width: 48rem)").matches ? 48 : 120; // images at a time
const NOTHING = "The test images are read when there is a network.";

export class Wall {
  #examples = null;
  #answers = []; // of each example the name of the class it is taken for, or undefined
  #shown = []; // which examples stand on the wall
  #page = 0;
  #network = null;
  #asked = false; // whether the network is to read the images, once those that are being read are through
  #source = null;
  #failed = null; // a source whose images could not be had, as is told until they can
  #instead = ""; // a sentence, where these are not the test images of what the run is trained on
  #reading = false;

  constructor(app) {
    this.app = app;
    this.reader = new Reader();
    const choice = (text, mistakes) =>
      element("button", { type: "button", "aria-pressed": String(!mistakes), onclick: () => this.#filter(mistakes) }, text);
    this.all = choice("All", false);
    this.wrong = choice("Mistakes", true);
    this.classes = element("select", { "aria-label": "Class", onchange: () => this.#turn(-Infinity) }, element("option", { value: "" }, "all classes"));
    const step = (by, name, text) => element("button", { type: "button", "aria-label": name, onclick: () => this.#turn(by) }, text);
    this.told = element("p", { class: "note wall-told" }, NOTHING);
    this.places = element("p", { class: "note wall-places" });
    this.cells = Array.from({ length: PLACES }, (_, k) => this.#cell(k));
    this.grid = element("div", { class: "wall-grid", role: "group", "aria-label": "Test images" }, ...this.cells.map(({ button }) => button));
    this.grid.addEventListener("keydown", (event) => this.#key(event));
    this.element = element(
      "section",
      { class: "panel wall", "aria-label": "Wall of test images" },
      element("div", { class: "wall-head" }, element("h2", {}, "Test images"), this.told),
      element(
        "div",
        { class: "row wall-controls" },
        element("div", { class: "row", role: "group", "aria-label": "Which images" }, this.all, this.wrong),
        this.classes,
        element("div", { class: "row wall-pages" }, step(-1, "Images before", "←"), this.places, step(1, "Next images", "→")),
      ),
      this.grid,
    );
    this.mistakesOnly = false;
    this.#layOut();
  }

  /** Show the test images of what a run is trained on; null: none. */
  async open(source) {
    if (source === this.#source) return;
    this.#source = source;
    this.reader.stop();
    this.#reading = false;
    this.#examples = null;
    this.#asked = this.#network !== null;
    this.#answers = [];
    if (source === null) this.told.textContent = NOTHING;
    else if (source !== this.#failed) this.told.textContent = "Fetching test images …";
    this.#layOut();
    if (source === null) return;
    try {
      const { name, instead } = await testDataFor(this.app, source);
      const examples = await examplesOf(this.app, name);
      if (source !== this.#source) return;
      this.#failed = null;
      this.#instead = instead ? `. ${sourceName(instead)} has no test images of its own: these are of ${name}` : "";
      this.#examples = examples;
      this.classes.replaceChildren(element("option", { value: "" }, "all classes"), ...examples.classes.map((name) => element("option", { value: name }, name)));
      this.#tell(`${count(examples.count)} of ${examples.name}`);
      this.#layOut();
      this.#read();
    } catch (error) {
      if (source !== this.#source) return;
      this.told.textContent = `No test images: ${error.message}`;
      this.#failed = source;
      this.#source = undefined; // asked for again, it is tried again
    }
  }

  /** Have them read by another network; null: by none. */
  update(network) {
    this.#network = network;
    this.#asked = network !== null;
    if (network) return this.#read();
    this.reader.stop();
    this.#reading = false;
    this.#answers = [];
    if (this.#examples) this.#tell(`${count(this.#examples.count)} of ${this.#examples.name}`);
    this.#layOut();
  }

  async #read() {
    if (this.#reading || !this.#asked || !this.#examples) return;
    const [network, examples] = [this.#network, this.#examples];
    this.#asked = false;
    if (network.inputShape.reduce((product, side) => product * side, 1) !== 784) {
      this.told.textContent = "This network does not read pictures of 28×28.";
      return;
    }
    this.#reading = true;
    this.grid.setAttribute("aria-busy", "true");
    const whole = await this.reader.read(network, examples.pixels, examples.count, (first, found) => {
      found.forEach((index, k) => (this.#answers[first + k] = network.classes[index]));
      this.#tell(`reading ${examples.name}: ${count(first + found.length)} of ${count(examples.count)}`);
      if (!this.mistakesOnly) this.#mark(first, first + found.length);
    });
    if (!whole) return; // other images, or none
    this.#reading = false;
    this.grid.setAttribute("aria-busy", "false");
    this.#sum();
    this.#layOut();
    this.#read();
  }

  #sum() {
    const { labels, name } = this.#examples;
    const wrong = new Map();
    labels.forEach((label, k) => this.#answers[k] !== label && wrong.set(label, (wrong.get(label) ?? 0) + 1));
    const mistakes = [...wrong.values()].reduce((sum, each) => sum + each, 0);
    this.#tell(`${count(mistakes)} of ${count(labels.length)} of ${name} read wrongly: ${percent(1 - mistakes / labels.length)} right`);
    for (const option of this.classes.options) {
      if (option.value) option.textContent = `${option.value} (${wrong.get(option.value) ?? 0} wrong)`;
    }
  }

  #tell(text) {
    this.told.textContent = `${text}${this.#instead}`;
  }

  #isMistake(k) {
    return this.#answers[k] !== undefined && this.#answers[k] !== this.#examples.labels[k];
  }

  #filter(mistakes) {
    this.mistakesOnly = mistakes;
    this.all.setAttribute("aria-pressed", !mistakes);
    this.wrong.setAttribute("aria-pressed", mistakes);
    this.#turn(-Infinity);
  }

  #turn(by) {
    this.#page = by === -Infinity ? 0 : this.#page + by;
    this.#layOut();
  }

  /** Choose what stands on the wall, and paint it. */
  #layOut() {
    const label = this.classes.value;
    const all = [...Array(this.#examples?.count ?? 0).keys()];
    const fitting = all.filter((k) => (!label || this.#examples.labels[k] === label) && (!this.mistakesOnly || this.#isMistake(k)));
    const pages = Math.max(1, Math.ceil(fitting.length / PLACES));
    this.#page = Math.min(pages - 1, Math.max(0, this.#page));
    this.#shown = fitting.slice(this.#page * PLACES, (this.#page + 1) * PLACES);
    const first = this.#page * PLACES + 1;
    this.places.textContent = fitting.length ? `${count(first)}–${count(first + this.#shown.length - 1)} of ${count(fitting.length)}` : "none";
    this.cells.forEach((cell, place) => this.#fill(cell, this.#shown[place]));
    const at = this.cells.findIndex(({ button }) => button.tabIndex === 0);
    if (at >= this.#shown.length) this.#lead(Math.max(0, this.#shown.length - 1));
  }

  /** Have the Tab key lead to one image of the wall. */
  #lead(place) {
    this.cells.forEach(({ button }, k) => (button.tabIndex = k === place ? 0 : -1));
  }

  #cell(place) {
    const canvas = element("canvas", { class: "pixels", width: 28, height: 28, "aria-hidden": "true" });
    const text = element("span", { class: "wall-text" });
    const open = () => this.app.showExample(this.#pixels(this.#shown[place]), this.#examples.labels[this.#shown[place]]);
    const button = element("button", { type: "button", class: "wall-image", tabindex: place ? -1 : 0, onclick: open }, canvas, text);
    return { button, canvas, text };
  }

  #pixels(k) {
    return this.#examples.pixels.subarray(k * 784, (k + 1) * 784);
  }

  #fill(cell, k) {
    cell.button.classList.toggle("empty", k === undefined);
    cell.button.disabled = k === undefined;
    if (k === undefined) return cell.button.removeAttribute("aria-label");
    if (cell.of !== k || cell.in !== this.#examples) {
      const pixels = this.#pixels(k);
      paint(cell.canvas, (place) => grey(pixels[place] / 255));
      [cell.of, cell.in] = [k, this.#examples];
    }
    this.#write(cell, k);
  }

  /** Write the answers to some of the examples, where these stand on the wall. */
  #mark(first, end) {
    this.#shown.forEach((k, place) => k >= first && k < end && this.#write(this.cells[place], k));
  }

  #write({ button, text }, k) {
    const label = this.#examples.labels[k];
    const wrong = this.#isMistake(k);
    button.classList.toggle("mistake", wrong);
    text.textContent = wrong ? `${label} → ${this.#answers[k]}` : label;
    const heard = wrong ? `a mistake: read as ${this.#answers[k]}` : this.#answers[k] === undefined ? "not read yet" : "read rightly";
    button.setAttribute("aria-label", `Image ${k + 1}, labelled ${label}, ${heard}`);
  }

  #key(event) {
    const buttons = this.cells.map(({ button }) => button);
    const at = buttons.indexOf(document.activeElement);
    const top = buttons[0].offsetTop;
    const columns = buttons.findIndex((button) => button.offsetTop > top);
    const last = this.#shown.length - 1;
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: last }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    if (next < 0 || next > last) return;
    this.#lead(next);
    buttons[next].focus();
  }
}
