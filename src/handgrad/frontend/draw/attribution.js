// The network's input, 28×28 pixels of ink on paper, with the attribution of a class over it. Its pixels can be edited: drag
// over them, or move a cursor with the keys.

import { ARROWS, button, element, panel } from "handgrad/elements.js";
import { channels, image, largest, mix, onScheme, pack, sharp, signed, token } from "handgrad/images.js";

const SIDE = 28;
const FAINT = 0.3; // of the ink under an attribution
const MODES = {
  "Gradient × input": (name) => `Each pixel's contribution to the logit of ${name}, to first order.`,
  Gradient: (name) => `How more ink in a pixel would change the logit of ${name}.`,
  Input: null,
};
const KEYS = "Arrow keys move, space changes a pixel, shift with an arrow key draws.";
const inside = (coordinate) => Math.min(SIDE - 1, Math.max(0, coordinate));

export class Attribution {
  #shown = { pixels: null, gradient: null, name: "" };
  #pixels = new Uint8Array(SIDE * SIDE);
  #cursor = [14, 14];
  #ink = null; // the value that a drag sets, 255 or 0; null: no drag
  #mode = "Gradient × input";
  how = ""; // a drawing becomes these pixels

  /**
   * @param history   of sheets, to which the edits are added
   * @param handlers  with changed(finished), notify(text)
   */
  constructor(history, handlers) {
    this.history = history;
    this.handlers = handlers;
    this.canvas = element("canvas", {
      tabindex: 0,
      role: "application",
      title: "Drag over the pixels to edit them",
      "aria-label": "The 28 by 28 pixels of the network input",
      "aria-roledescription": "pixel editor",
      "aria-describedby": "pixel-keys",
      onpointerdown: (event) => this.#onDown(event),
      onpointermove: (event) => this.#onMove(event),
      onpointerup: () => this.#onUp(),
      onpointercancel: () => this.#onUp(),
      onkeydown: (event) => this.#onKey(event),
      onfocus: () => this.draw(),
      onblur: () => this.draw(),
    });
    this.title = element("h2");
    this.note = element("p", { class: "note" });
    this.frame = element("div", { class: "pixel-input" }, this.canvas);
    this.choices = Object.keys(MODES).map((mode) => button(mode, () => this.#choose(mode)));
    this.legend = element("p", { class: "legend" }, "lowers", element("span", { class: "scale", "aria-hidden": "true" }), "raises it");
    const head = element("div", { class: "head" }, this.title, this.legend);
    const choice = element("div", { class: "choice", role: "group", "aria-label": "Shown over the input" }, ...this.choices);
    const keys = element("p", { class: "visually-hidden", id: "pixel-keys" }, KEYS);
    this.element = panel("attributions", "Attribution", head, this.frame, choice, this.note, keys);
    new ResizeObserver(() => this.draw()).observe(this.frame);
    onScheme(() => this.draw());
    this.#choose(this.#mode);
  }

  /** @param shown  the pixels, the gradient of the class's logit with respect to them, and its name; null where there is none */
  update(shown) {
    this.#shown = shown;
    this.#pixels = shown.pixels ? Uint8Array.from(shown.pixels) : new Uint8Array(SIDE * SIDE);
    const note = shown.gradient && MODES[this.#mode];
    this.title.textContent = note ? `Attribution for ${shown.name}` : "Network input";
    this.note.textContent = note ? note(shown.name) : `28×28 pixels, ${this.how}. Drag over them to edit.`;
    this.legend.classList.toggle("invisible", !note);
    this.draw();
  }

  #choose(mode) {
    this.#mode = mode;
    for (const each of this.choices) each.setAttribute("aria-pressed", each.textContent === mode);
    this.update(this.#shown);
  }

  draw() {
    const side = this.frame.clientWidth;
    if (!side) return; // hidden
    const cell = side / SIDE;
    const context = sharp(this.canvas, side, side);
    context.drawImage(image(SIDE, SIDE, this.#colours()), 0, 0, side, side);
    if (!this.canvas.matches(":focus-visible")) return;
    context.strokeStyle = token("--negative");
    context.lineWidth = 2;
    context.strokeRect(this.#cursor[0] * cell, this.#cursor[1] * cell, cell, cell);
  }

  /** A function from the index of a pixel to its colour. */
  #colours() {
    const pixels = this.#pixels;
    const [paper, ink] = [channels("--paper"), channels("--ink")].map(([red, green, blue]) => pack(red, green, blue));
    const { gradient } = this.#shown;
    if (this.#mode === "Input" || !gradient) return (k) => mix(paper, ink, pixels[k] / 255);
    const values = this.#mode === "Gradient" ? gradient : gradient.map((slope, k) => slope * pixels[k]);
    const most = largest(values);
    return (k) => mix(mix(paper, ink, (FAINT * pixels[k]) / 255), signed(values[k] / most), Math.sqrt(Math.abs(values[k]) / most));
  }

  #onDown(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#moveTo(event);
    this.#begin(this.#value < 128 ? 255 : 0); // the first pixel decides whether the drag draws or erases
  }

  #onMove(event) {
    if (this.#ink === null || !event.isPrimary) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      this.#moveTo(each);
      this.#set();
    }
  }

  #onUp() {
    if (this.#ink !== null) this.handlers.changed(true);
    this.#ink = null;
  }

  #onKey(event) {
    const arrow = ARROWS[event.key];
    const changes = event.key === " " || event.key === "Enter";
    if (!arrow && !changes) return;
    event.preventDefault();
    if (arrow) this.#cursor = this.#cursor.map((coordinate, axis) => inside(coordinate + arrow[axis]));
    if (changes || event.shiftKey) this.#begin(changes && this.#value >= 128 ? 0 : 255);
    this.#onUp();
    this.draw();
    this.handlers.notify(`row ${this.#cursor[1] + 1}, column ${this.#cursor[0] + 1}: ${this.#value} of 255`);
  }

  #begin(ink) {
    this.history.push({ edits: new Map(this.history.sheet.edits) });
    this.#ink = ink;
    this.#set();
  }

  #set() {
    if (this.#value === this.#ink) return;
    this.history.sheet.edits.set(this.#index, this.#ink);
    this.handlers.changed(false);
    this.#pixels[this.#index] = this.#ink; // a fast drag reads it before the next frame
  }

  get #index() {
    return this.#cursor[1] * SIDE + this.#cursor[0];
  }

  get #value() {
    return this.#pixels[this.#index];
  }

  #moveTo(event) {
    const box = this.canvas.getBoundingClientRect();
    const shares = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    this.#cursor = shares.map((share) => inside(Math.floor(share * SIDE)));
  }
}
