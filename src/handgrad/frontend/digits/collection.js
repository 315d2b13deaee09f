// Digits of one's own: those that the server has, and those that only this browser has yet, which outlive a reload.

import { order } from "handgrad/train/orders.js";
import { examplesOf } from "handgrad/train/test_images.js";

const KEY = "handgrad.digits";
const AT_ONCE = 200; // digits of one request

export class Collection extends EventTarget {
  name = "mine";
  saved = []; // {pixels, label}, in the order of the file
  waiting = []; // {pixels, label, drawing}, not sent yet

  constructor(app) {
    super();
    this.app = app;
    this.#recall();
    addEventListener("storage", ({ key, newValue }) => {
      if (key !== KEY || !newValue || JSON.parse(newValue).name !== this.name) return;
      this.#recall(); // what another tab has added, or saved
      this.open(this.name).catch(() => {});
    });
  }

  /** All of them: {pixels, label, saved: whether the server has it}. */
  get all() {
    return [...this.saved.map((digit) => ({ ...digit, saved: true })), ...this.waiting.map((digit) => ({ ...digit, saved: false }))];
  }

  /** Their pixels in one piece, as `examplesOf` gives them. */
  get examples() {
    const all = this.all;
    const pixels = new Uint8Array(784 * all.length);
    all.forEach((digit, k) => pixels.set(digit.pixels, 784 * k));
    return { name: `digits/${this.name}`, pixels, labels: all.map(({ label }) => label), count: all.length };
  }

  add(pixels, label, drawing) {
    this.waiting.push({ pixels, label, drawing });
    this.#changed();
  }

  /** Go on with the collection of another name, with what the server has of it. */
  async open(name) {
    this.name = name;
    this.saved = [];
    this.#changed();
    const known = await this.app.api("/digits");
    const found = known.some((set) => set.name === name) ? await examplesOf(this.app, `digits/${name}`, "train") : null;
    if (name !== this.name) return; // another was named meanwhile
    this.saved = found ? found.labels.map((label, k) => ({ label, pixels: found.pixels.slice(784 * k, 784 * (k + 1)) })) : [];
    this.#changed();
  }

  /** Take one away, by its place among all. */
  async remove(place) {
    if (place < this.saved.length) {
      await this.app.api(`/digits/${this.name}/${place}`, { method: "DELETE" });
      this.saved.splice(place, 1);
    } else {
      this.waiting.splice(place - this.saved.length, 1);
    }
    this.#changed();
  }

  /** Send what waits. */
  async save() {
    while (this.waiting.length) {
      const some = this.waiting.slice(0, AT_ONCE);
      await order(this.app, "/digits", {
        name: this.name,
        inputs: some.map(({ pixels }) => [...pixels]),
        labels: some.map(({ label }) => label),
        strokes: some.map(inJson),
      });
      this.saved.push(...this.waiting.splice(0, some.length));
      this.#changed();
    }
  }

  /** The drawings behind all of them, in the JSON form; null where there is none. */
  async drawings() {
    const saved = this.saved.length ? await this.app.api(`/digits/${this.name}/strokes`) : [];
    if (saved.length !== this.saved.length) throw new Error("the collection was changed elsewhere: reload the page");
    return [...saved, ...this.waiting.map(inJson)];
  }

  #changed() {
    const waiting = this.waiting.map(({ pixels, label, drawing }) => ({ label, drawing, pixels: btoa(String.fromCharCode(...pixels)) }));
    try {
      localStorage.setItem(KEY, JSON.stringify({ name: this.name, waiting }));
    } catch {
      this.app.say("this browser has no more room: save the digits before you close the page");
    }
    this.dispatchEvent(new Event("change"));
  }

  #recall() {
    try {
      const { name, waiting } = JSON.parse(localStorage.getItem(KEY)) ?? {};
      if (!waiting) return;
      const pixels = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      this.waiting = waiting.map((digit) => ({ ...digit, pixels: pixels(digit.pixels) })).filter((digit) => digit.pixels.length === 784);
      this.name = name;
    } catch {
      localStorage.removeItem?.(KEY); // not ours, or of another version
    }
  }
}

/** A drawing as it is kept: the label, the pen's width, and the points of each stroke. */
function inJson({ drawing, label }) {
  return drawing && { label, width: drawing.width, strokes: drawing.strokes.map((way) => way.map(([x, y]) => [x, y])) };
}
