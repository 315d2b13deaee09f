// The 28×28 pixels that the network receives, large, and to be changed: drag over them, or lead a cursor with the keys.

import { element } from "handgrad/elements.js";
import { grey, paint } from "handgrad/draw/shades.js";

const SIDE = 28;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Received {
  #pixels = new Uint8Array(SIDE * SIDE);
  #cursor = [14, 14];
  #ink = null; // what a drag leaves behind: 255 or 0

  /** @param told  {begin(): a change begins, set(pixel, value), end(), say(text)} */
  constructor(told) {
    this.told = told;
    this.canvas = element("canvas", {
      class: "grid-canvas pixels",
      width: SIDE,
      height: SIDE,
      tabindex: 0,
      role: "application",
      "aria-label": "The 28 by 28 pixels that the network receives",
      "aria-roledescription": "pixel editor",
      "aria-describedby": "received-keys",
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
    this.canvas.addEventListener("pointerdown", (event) => this.#down(event));
    this.canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.#up());
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.#place();
    this.tellFraming("digit");
    this.update(null);
  }

  /** @param {string} framing  "digit" or "plain": how a drawing becomes these pixels */
  tellFraming(framing) {
    const how = framing === "digit" ? "framed as MNIST frames its digits" : "as you draw it";
    this.note.textContent = `28×28 pixels, ${how}. Drag over them to change some.`;
  }

  update(pixels) {
    this.#pixels = pixels ?? new Uint8Array(SIDE * SIDE);
    paint(this.canvas, (k) => grey(this.#pixels[k] / 255));
  }

  #down(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#cursor = this.#under(event);
    this.#start();
    this.#set();
  }

  #move(event) {
    if (this.#ink === null || !event.isPrimary) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      this.#cursor = this.#under(each);
      this.#set();
    }
  }

  #up() {
    if (this.#ink === null) return;
    this.#ink = null;
    this.told.end();
  }

  /** Where the first pixel is dark, the drag leaves ink; else it rubs out. */
  #start() {
    this.#ink = this.#pixels[this.#at()] < 128 ? 255 : 0;
    this.told.begin();
  }

  #set() {
    this.#place();
    if (this.#pixels[this.#at()] !== this.#ink) this.told.set(this.#at(), this.#ink);
    this.#pixels[this.#at()] = this.#ink; // a fast drag asks again before the next frame
  }

  #at() {
    return this.#cursor[1] * SIDE + this.#cursor[0];
  }

  #under(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      Math.floor(((event.clientX - box.left) / box.width) * SIDE),
      Math.floor(((event.clientY - box.top) / box.height) * SIDE),
    ].map((place) => Math.min(SIDE - 1, Math.max(0, place)));
  }

  #key(event) {
    const arrow = ARROWS[event.key];
    if (arrow) {
      this.#cursor = this.#cursor.map((place, axis) => Math.min(SIDE - 1, Math.max(0, place + arrow[axis])));
      this.#place();
      if (event.shiftKey) this.#paint(255);
      else this.#tell();
    } else if (event.key === " " || event.key === "Enter") {
      this.#paint(this.#pixels[this.#at()] < 128 ? 255 : 0);
    } else return;
    event.preventDefault();
  }

  #paint(ink) {
    this.told.begin();
    this.#ink = ink;
    this.#set();
    this.#up();
    this.#tell();
  }

  #tell() {
    const [column, row] = this.#cursor;
    this.told.say(`row ${row + 1}, column ${column + 1}: ${this.#pixels[this.#at()]} of 255`);
  }

  #place() {
    this.marker.style.setProperty("--column", this.#cursor[0]);
    this.marker.style.setProperty("--row", this.#cursor[1]);
  }
}
