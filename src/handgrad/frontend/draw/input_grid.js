// The 28×28 pixels of the network's input, enlarged and editable: drag over them, or move a cursor with the keys.

import { ink, paint } from "handgrad/images.js";
import { element } from "handgrad/elements.js";

const SIDE = 28;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const inside = (coordinate) => Math.min(SIDE - 1, Math.max(0, coordinate));

export class InputGrid {
  #pixels = new Uint8Array(SIDE * SIDE);
  #cursor = [14, 14];
  #ink = null; // the value that a drag sets, 255 or 0; null: no drag

  /** @param handlers  {begin(): an edit begins, set(pixel, value), end(), notify(text)} */
  constructor(handlers) {
    this.handlers = handlers;
    this.canvas = element("canvas", {
      class: "grid-canvas pixels ink",
      width: SIDE,
      height: SIDE,
      tabindex: 0,
      role: "application",
      "aria-label": "The 28 by 28 pixels of the network input",
      "aria-roledescription": "pixel editor",
      "aria-describedby": "input-keys",
      onpointerdown: (event) => this.#onDown(event),
      onpointermove: (event) => this.#onMove(event),
      onpointerup: () => this.#onUp(),
      onpointercancel: () => this.#onUp(),
      onkeydown: (event) => this.#onKey(event),
    });
    this.note = element("p", { class: "note" });
    this.marker = element("span", { class: "grid-cursor", "aria-hidden": "true" });
    this.element = element(
      "div",
      { class: "grid" },
      this.canvas,
      element("span", { class: "grid-lines", "aria-hidden": "true" }),
      this.marker,
    );
    this.#moveMarker();
    this.setFraming("digit");
    this.update(null);
  }

  /** @param {string} framing  "digit" or "plain": how a drawing becomes these pixels */
  setFraming(framing) {
    const how = framing === "digit" ? "framed like MNIST's digits" : "as drawn";
    this.note.textContent = `28×28 pixels, ${how}. Drag over them to edit.`;
  }

  update(pixels) {
    this.#pixels = pixels ?? new Uint8Array(SIDE * SIDE);
    paint(this.canvas, (k) => ink(this.#pixels[k] / 255));
  }

  #onDown(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#cursor = this.#cellOf(event);
    this.#ink = this.#value < 128 ? 255 : 0; // the first pixel decides whether the drag draws or erases
    this.handlers.begin();
    this.#set();
  }

  #onMove(event) {
    if (this.#ink === null || !event.isPrimary) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      this.#cursor = this.#cellOf(each);
      this.#set();
    }
  }

  #onUp() {
    if (this.#ink === null) return;
    this.#ink = null;
    this.handlers.end();
  }

  #onKey(event) {
    const arrow = ARROWS[event.key];
    if (arrow) {
      this.#cursor = this.#cursor.map((coordinate, axis) => inside(coordinate + arrow[axis]));
      this.#moveMarker();
      if (event.shiftKey) this.#edit(255);
    } else if (event.key === " " || event.key === "Enter") {
      this.#edit(this.#value < 128 ? 255 : 0);
    } else return;
    const [column, row] = this.#cursor;
    this.handlers.notify(`row ${row + 1}, column ${column + 1}: ${this.#value} of 255`);
    event.preventDefault();
  }

  #edit(ink) {
    this.handlers.begin();
    this.#ink = ink;
    this.#set();
    this.#onUp();
  }

  #set() {
    this.#moveMarker();
    if (this.#value !== this.#ink) this.handlers.set(this.#index, this.#ink);
    this.#pixels[this.#index] = this.#ink; // a fast drag reads it before the next frame
  }

  get #index() {
    return this.#cursor[1] * SIDE + this.#cursor[0];
  }

  get #value() {
    return this.#pixels[this.#index];
  }

  #cellOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return [inside(Math.floor(x * SIDE)), inside(Math.floor(y * SIDE))];
  }

  #moveMarker() {
    this.marker.style.setProperty("--column", this.#cursor[0]);
    this.marker.style.setProperty("--row", this.#cursor[1]);
  }
}
