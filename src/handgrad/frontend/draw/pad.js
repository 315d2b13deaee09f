// The sheet to draw on: mouse, finger, pen and keyboard become strokes.

import { element } from "handgrad/elements.js";
import { sharp } from "handgrad/draw/shades.js";
import { begin, extend } from "handgrad/draw/strokes.js";

const STEP = 0.025; // how far an arrow key leads the pen; with Shift four times that
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pad {
  #cursor = { x: 0.5, y: 0.5, down: false }; // the pen of the keyboard
  #pointer = null;

  /**
   * @param history  what is on the sheet
   * @param told     {changed(finished): the drawing has; write(digit), undo(), clear(): asked for by a key}
   */
  constructor(history, told) {
    this.history = history;
    this.told = told;
    this.canvas = element("canvas", {
      class: "pad-canvas",
      tabindex: 0,
      role: "application",
      "aria-label": "Drawing area",
      "aria-roledescription": "drawing area",
      "aria-describedby": "pad-keys",
    });
    this.hint = element("p", { class: "pad-hint", "aria-hidden": "true" }, "Draw a digit here");
    this.element = element("div", { class: "pad" }, this.canvas, this.hint);
    for (const name of ["down", "move", "up", "cancel"]) {
      this.canvas.addEventListener(`pointer${name}`, (event) => this[name](event));
    }
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("focus", () => this.draw());
    this.canvas.addEventListener("blur", () => this.#lift());
    this.canvas.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is a stroke, too
    new ResizeObserver(() => this.#fit()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get drawing() {
    return this.#pointer !== null || this.#cursor.down;
  }

  down(event) {
    if (!event.isPrimary || event.button !== 0 || this.#pointer !== null) return;
    this.#lift();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.startStroke(...this.#place(event));
  }

  move(event) {
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.continueStroke(...this.#place(each));
    this.told.changed(false);
  }

  up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.told.changed(true);
  }

  cancel(event) {
    this.up(event);
  }

  /** Put the pen down; an example that lies there makes room. */
  startStroke(x, y, pressure) {
    this.history.push({
      drawing: begin(this.history.sheet.drawing, x, y, pressure),
      example: null,
      edits: new Map(),
    });
    this.draw();
    this.told.changed(false);
  }

  /** Lead the pen on; only the new piece is drawn, at once. */
  continueStroke(x, y, pressure) {
    const { drawing } = this.history.sheet;
    if (extend(drawing, x, y, pressure)) this.#piece(drawing.strokes.at(-1).slice(-2), drawing.width);
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure ? 0.7 + 0.6 * event.pressure : 1;
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, pressure];
  }

  #key(event) {
    if (event.altKey || event.metaKey || (event.ctrlKey && event.key.toLowerCase() !== "z")) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.#lead(arrow, event.shiftKey ? 4 * STEP : STEP);
    else if (event.key === " " || event.key === "Enter") this.#toggle();
    else if (/^[0-9]$/.test(event.key)) this.told.write(event.key);
    else if (event.key.toLowerCase() === "z" || event.key === "Backspace") this.told.undo();
    else if (event.key === "Delete") this.told.clear();
    else if (event.key === "Escape" && this.#cursor.down) this.#lift();
    else return;
    event.preventDefault();
  }

  #lead([right, down], step) {
    const cursor = this.#cursor;
    cursor.x = Math.min(1, Math.max(0, cursor.x + right * step));
    cursor.y = Math.min(1, Math.max(0, cursor.y + down * step));
    if (cursor.down) {
      this.continueStroke(cursor.x, cursor.y);
      this.told.changed(false);
    }
    this.draw();
  }

  #toggle() {
    if (this.#cursor.down) return this.#lift();
    this.#cursor.down = true;
    this.startStroke(this.#cursor.x, this.#cursor.y);
    this.told.pen?.("the pen is down");
  }

  #lift() {
    const was = this.#cursor.down;
    this.#cursor.down = false;
    this.draw();
    if (was) {
      this.told.changed(true);
      this.told.pen?.("the pen is up");
    }
  }

  #fit() {
    const side = this.element.clientWidth;
    if (!side) return; // not shown
    this.side = side;
    this.context = sharp(this.canvas, side, side);
    this.canvas.style.width = this.canvas.style.height = ""; // the style sheet's
    this.draw();
  }

  /** Draw all that is on the sheet. */
  draw() {
    if (!this.context) return;
    const { context, side } = this;
    const { drawing, example } = this.history.sheet;
    context.clearRect(0, 0, side, side);
    this.hint.hidden = !this.history.empty;
    if (example) this.#example(example);
    for (const stroke of drawing.strokes) {
      stroke.forEach((from, k) => {
        if (k + 1 < stroke.length || k === 0) this.#piece([from, stroke[k + 1] ?? from], drawing.width);
      });
    }
    if (this.canvas.matches(":focus-visible")) this.#showCursor(drawing.width);
  }

  #piece([from, to], width) {
    const { context, side } = this;
    const pressure = ((from[2] ?? 1) + (to[2] ?? 1)) / 2;
    context.strokeStyle = this.#colour("--pen");
    context.lineWidth = width * side * pressure;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(from[0] * side, from[1] * side);
    context.lineTo(to[0] * side + (from === to ? 0.01 : 0), to[1] * side); // a line of no length is not drawn
    context.stroke();
  }

  /** An example of a data set, softly enlarged, in the ink of this paper. */
  #example(pixels) {
    const { context, side } = this;
    const small = new OffscreenCanvas(28, 28);
    const inner = small.getContext("2d");
    const image = inner.createImageData(28, 28);
    pixels.forEach((value, k) => (image.data[4 * k + 3] = value));
    inner.putImageData(image, 0, 0);
    inner.globalCompositeOperation = "source-in";
    inner.fillStyle = this.#colour("--pen");
    inner.fillRect(0, 0, 28, 28);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(small, 0, 0, side, side);
  }

  #showCursor(width) {
    const { context, side } = this;
    const { x, y, down } = this.#cursor;
    context.strokeStyle = this.#colour("--accent");
    context.lineWidth = 2;
    context.setLineDash(down ? [] : [4, 4]); // the pen hovers
    context.beginPath();
    context.arc(x * side, y * side, (width * side) / 2 + 3, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
  }

  #colour(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name);
  }
}
