// The network's input, 28×28 pixels of ink on paper, with the attribution of a class over it. Its pixels can be edited: drag
// over them, or move a cursor with the keys.

import { button, element, panel } from "handgrad/elements.js";
import { channels, image, largest, mix, onScheme, pack, sharp, signed, token } from "handgrad/images.js";

const SIDE = 28;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAINT = 0.3; // of the ink under an attribution
const inside = (coordinate) => Math.min(SIDE - 1, Math.max(0, coordinate));
const MODES = {
  product: ["Gradient × input", (name) => `Each pixel's contribution to the logit of ${name}, to first order.`],
  gradient: ["Gradient", (name) => `How more ink in a pixel would change the logit of ${name}.`],
  input: ["Input", () => ""],
};

export class Picture {
  #shown = { pixels: null, gradient: null, name: "" };
  #pixels = new Uint8Array(SIDE * SIDE);
  #cursor = [14, 14];
  #ink = null; // the value that a drag sets, 255 or 0; null: no drag
  #mode = "product";

  /** @param handlers  {begin(): an edit begins, set(pixel, value), end(), notify(text)} */
  constructor(handlers) {
    this.handlers = handlers;
    this.title = element("h2");
    this.note = element("p", { class: "note" });
    this.canvas = element("canvas", {
      class: "picture-canvas",
      tabindex: 0,
      role: "application",
      "aria-label": "The 28 by 28 pixels of the network input",
      "aria-roledescription": "pixel editor",
      "aria-describedby": "picture-keys",
      onpointerdown: (event) => this.#onDown(event),
      onpointermove: (event) => this.#onMove(event),
      onpointerup: () => this.#onUp(),
      onpointercancel: () => this.#onUp(),
      onkeydown: (event) => this.#onKey(event),
      onfocus: () => this.draw(),
      onblur: () => this.draw(),
    });
    this.frame = element("div", { class: "picture" }, this.canvas);
    this.choices = Object.entries(MODES).map(([mode, [title]]) => button(title, () => this.#choose(mode)));
    this.legend = element("p", { class: "legend" }, "lowers", element("span", { class: "scale", "aria-hidden": "true" }), "raises it");
    this.element = panel(
      "attributions",
      "Attribution",
      element("div", { class: "head" }, this.title, this.legend),
      this.frame,
      element("div", { class: "choice", role: "group", "aria-label": "Shown over the input" }, ...this.choices),
      this.note,
      element(
        "p",
        { class: "visually-hidden", id: "picture-keys" },
        "Arrow keys move, space changes a pixel, shift with an arrow key draws.",
      ),
    );
    new ResizeObserver(() => this.draw()).observe(this.frame);
    onScheme(() => this.draw());
    this.setFraming("digit");
    this.#choose("product");
  }

  /** @param {string} framing  "digit" or "plain": how a drawing becomes these pixels */
  setFraming(framing) {
    this.how = framing === "digit" ? "framed like MNIST's digits" : "as drawn";
    this.update(this.#shown);
  }

  /** @param shown  {pixels, gradient of the class's logit with respect to the scaled pixels, name of the class}, null where there is none */
  update(shown) {
    this.#shown = shown;
    this.#pixels = shown.pixels ? Uint8Array.from(shown.pixels) : new Uint8Array(SIDE * SIDE);
    const [title, note] = MODES[this.#mode];
    const explains = shown.gradient && this.#mode !== "input";
    this.title.textContent = explains ? `Attribution for ${shown.name}` : "Network input";
    this.note.textContent = explains ? note(shown.name) : `28×28 pixels, ${this.how}. Drag over them to edit.`;
    this.legend.classList.toggle("invisible", !explains);
    this.canvas.title = `${explains ? `${title} for ${shown.name}. ` : ""}Drag over the pixels to edit them.`;
    this.draw();
  }

  #choose(mode) {
    this.#mode = mode;
    this.choices.forEach((each, k) => each.setAttribute("aria-pressed", Object.keys(MODES)[k] === mode));
    this.update(this.#shown);
  }

  draw() {
    const side = this.frame.clientWidth;
    if (!side) return; // hidden
    const context = sharp(this.canvas, side, side);
    this.canvas.style.width = this.canvas.style.height = ""; // set by the style sheet, so that the frame can shrink
    context.drawImage(image(SIDE, SIDE, this.#colours()), 0, 0, side, side);
    this.#drawGrid(context, side / SIDE);
    if (this.#mode === "gradient" && this.#shown.gradient) drawOutline(context, this.#pixels, side / SIDE);
    if (this.canvas.matches(":focus-visible")) this.#drawCursor(context, side / SIDE);
  }

  /** A function from the index of a pixel to its colour. */
  #colours() {
    const pixels = this.#pixels;
    const [paper, ink] = [channels("--paper"), channels("--ink")].map((colour) => pack(...colour));
    const { gradient } = this.#shown;
    if (this.#mode === "input" || !gradient) return (k) => mix(paper, ink, pixels[k] / 255);
    const values = this.#mode === "gradient" ? gradient : gradient.map((slope, k) => slope * pixels[k]);
    const most = largest(values);
    if (this.#mode === "gradient") return (k) => signed(values[k] / most);
    const faint = (k) => mix(paper, ink, (FAINT * pixels[k]) / 255);
    return (k) => mix(faint(k), signed(values[k] / most), Math.sqrt(Math.abs(values[k]) / most));
  }

  #drawGrid(context, cell) {
    context.strokeStyle = token("--ink");
    context.globalAlpha = 0.07;
    context.lineWidth = 1;
    context.beginPath();
    for (let k = 0; k <= SIDE; k++) {
      context.moveTo(k * cell, 0);
      context.lineTo(k * cell, SIDE * cell);
      context.moveTo(0, k * cell);
      context.lineTo(SIDE * cell, k * cell);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  #drawCursor(context, cell) {
    const [column, row] = this.#cursor;
    context.strokeStyle = token("--negative");
    context.lineWidth = 2;
    context.strokeRect(column * cell, row * cell, cell, cell);
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
      if (event.shiftKey) this.#edit(255);
    } else if (event.key === " " || event.key === "Enter") {
      this.#edit(this.#value < 128 ? 255 : 0);
    } else return;
    event.preventDefault();
    this.draw();
    const [column, row] = this.#cursor;
    this.handlers.notify(`row ${row + 1}, column ${column + 1}: ${this.#value} of 255`);
  }

  #edit(ink) {
    this.handlers.begin();
    this.#ink = ink;
    this.#set();
    this.#onUp();
  }

  #set() {
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
}

/** Draw the outline of the ink. */
function drawOutline(context, pixels, cell) {
  const ink = (row, column) => row >= 0 && row < SIDE && column >= 0 && column < SIDE && pixels[row * SIDE + column] > 127;
  const line = (x, y, toX, toY) => (context.moveTo(x * cell, y * cell), context.lineTo(toX * cell, toY * cell));
  context.beginPath();
  for (let row = 0; row <= SIDE; row++) {
    for (let column = 0; column <= SIDE; column++) {
      if (ink(row, column) !== ink(row - 1, column)) line(column, row, column + 1, row);
      if (ink(row, column) !== ink(row, column - 1)) line(column, row, column, row + 1);
    }
  }
  context.strokeStyle = token("--ink");
  context.lineWidth = 1.25;
  context.stroke();
}
