// A collection of drawn digits: those that the server has, and unsaved ones, which survive a reload.

import { fromBase64 } from "handgrad/elements.js";
import { examplesOf } from "handgrad/train/test_images.js";

const KEY = "handgrad.digits";
const BATCH = 200; // digits per request

export class Collection extends EventTarget {
  name = "mine";
  saved = []; // {pixels, label}, in the order of the file
  unsaved = []; // {pixels, label, drawing}

  constructor(app) {
    super();
    this.app = app;
    this.#restore();
    addEventListener("storage", ({ key, newValue }) => {
      if (key !== KEY || !newValue || JSON.parse(newValue).name !== this.name) return;
      this.#restore(); // changed in another tab
      this.open(this.name).catch(() => {});
    });
  }

  /** All digits: {pixels, label, saved}. */
  get all() {
    return [...this.saved.map((digit) => ({ ...digit, saved: true })), ...this.unsaved.map((digit) => ({ ...digit, saved: false }))];
  }

  /** All digits in one array, like the result of `examplesOf`. */
  get examples() {
    const all = this.all;
    const pixels = new Uint8Array(784 * all.length);
    all.forEach((digit, k) => pixels.set(digit.pixels, 784 * k));
    return { name: `digits/${this.name}`, pixels, labels: all.map(({ label }) => label), count: all.length };
  }

  add(pixels, label, drawing) {
    this.unsaved.push({ pixels, label, drawing });
    this.#changed();
  }

  /** Continue with the collection of a name, and load what the server has of it. */
  async open(name) {
    this.name = name;
    this.saved = [];
    this.#changed();
    const sets = await this.app.api("/digits");
    const found = sets.some((set) => set.name === name) ? await examplesOf(this.app, `digits/${name}`, "train") : null;
    if (name !== this.name) return; // another was opened meanwhile
    this.saved = found ? found.labels.map((label, k) => ({ label, pixels: found.pixels.slice(784 * k, 784 * (k + 1)) })) : [];
    this.#changed();
  }

  /** Remove a digit by its index among all. */
  async remove(index) {
    if (index < this.saved.length) {
      await this.app.api(`/digits/${this.name}/${index}`, { method: "DELETE" });
      this.saved.splice(index, 1);
    } else {
      this.unsaved.splice(index - this.saved.length, 1);
    }
    this.#changed();
  }

  async save() {
    while (this.unsaved.length) {
      const digits = this.unsaved.slice(0, BATCH);
      await this.app.post("/digits", {
        name: this.name,
        inputs: digits.map(({ pixels }) => [...pixels]),
        labels: digits.map(({ label }) => label),
        strokes: digits.map(strokesOf),
      });
      this.saved.push(...this.unsaved.splice(0, digits.length));
      this.#changed();
    }
  }

  /** The strokes of all digits; null where there are none. */
  async strokes() {
    const saved = this.saved.length ? await this.app.api(`/digits/${this.name}/strokes`) : [];
    if (saved.length !== this.saved.length) throw new Error("the collection was changed elsewhere: reload the page");
    return [...saved, ...this.unsaved.map(strokesOf)];
  }

  #changed() {
    const unsaved = this.unsaved.map((digit) => ({ ...digit, pixels: btoa(String.fromCharCode(...digit.pixels)) }));
    try {
      localStorage.setItem(KEY, JSON.stringify({ name: this.name, unsaved }));
    } catch {
      this.app.notify("the browser's storage is full: save the digits before you close the page");
    }
    this.dispatchEvent(new Event("change"));
  }

  #restore() {
    try {
      const { name, unsaved } = JSON.parse(localStorage.getItem(KEY)) ?? {};
      if (!unsaved) return;
      this.unsaved = unsaved.map((digit) => ({ ...digit, pixels: fromBase64(digit.pixels) })).filter(({ pixels }) => pixels.length === 784);
      this.name = name;
    } catch {
      localStorage.removeItem?.(KEY); // of another version
    }
  }
}

/** A drawing in its JSON form: the label, the pen's width, and the points of each stroke. */
function strokesOf({ drawing, label }) {
  return drawing && { label, width: drawing.width, strokes: drawing.strokes.map((stroke) => stroke.map(([x, y]) => [x, y])) };
}
