// The canvas to draw on: mouse, touch, pen and keyboard become strokes.

import { sharp } from "handgrad/images.js";
import { begin, extend } from "handgrad/draw/strokes.js";
import { element } from "handgrad/elements.js";

const STEP = 0.025; // of the canvas's side per arrow key; with Shift four times as far
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const clamp = (value) => Math.min(1, Math.max(0, value));

export class Pad {
  #cursor = { x: 0.5, y: 0.5, down: false }; // the pen of the keyboard
  #pointer = null;

  /**
   * @param history   of sheets
   * @param handlers  {changed(finished), write(digit), undo(), clear(), notify(text)}
   */
  constructor(history, handlers) {
    this.history = history;
    this.handlers = handlers;
    this.canvas = element("canvas", {
      class: "pad-canvas",
      tabindex: 0,
      role: "application",
      "aria-label": "Drawing area",
      "aria-roledescription": "drawing area",
      "aria-describedby": "pad-keys",
      onpointerdown: (event) => this.#onDown(event),
      onpointermove: (event) => this.#onMove(event),
      onpointerup: (event) => this.#onUp(event),
      onpointercancel: (event) => this.#onUp(event),
      onkeydown: (event) => this.#onKey(event),
      onfocus: () => this.draw(),
      onblur: () => this.#lift(),
      oncontextmenu: (event) => event.preventDefault(), // a long press is a stroke
    });
    this.hint = element("p", { class: "pad-hint", "aria-hidden": "true" }, "Draw a digit here");
    this.element = element("div", { class: "pad" }, this.canvas, this.hint);
    new ResizeObserver(() => this.#fit()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get drawing() {
    return this.#pointer !== null || this.#cursor.down;
  }

  #onDown(event) {
    if (!event.isPrimary || event.button !== 0 || this.#pointer !== null) return;
    this.#lift();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.startStroke(...this.#pointOf(event));
  }

  #onMove(event) {
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.continueStroke(...this.#pointOf(each));
    this.handlers.changed(false);
  }

  #onUp(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.handlers.changed(true);
  }

  /** Start a stroke; it replaces an example. */
  startStroke(x, y, pressure) {
    this.history.push({ drawing: begin(this.history.sheet.drawing, x, y, pressure), example: null, edits: new Map() });
    this.draw();
    this.handlers.changed(false);
  }

  /** Extend the last stroke, and draw only the new segment. */
  continueStroke(x, y, pressure) {
    const { drawing } = this.history.sheet;
    if (extend(drawing, x, y, pressure)) this.#drawSegment(drawing.strokes.at(-1).slice(-2), drawing.width);
  }

  #pointOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure ? 0.7 + 0.6 * event.pressure : 1;
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, pressure];
  }

  #onKey(event) {
    if (event.altKey || event.metaKey || (event.ctrlKey && event.key.toLowerCase() !== "z")) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.#move(arrow, event.shiftKey ? 4 * STEP : STEP);
    else if (event.key === " " || event.key === "Enter") this.#toggle();
    else if (/^[0-9]$/.test(event.key)) this.handlers.write(event.key);
    else if (event.key.toLowerCase() === "z" || event.key === "Backspace") this.handlers.undo();
    else if (event.key === "Delete") this.handlers.clear();
    else if (event.key === "Escape" && this.#cursor.down) this.#lift();
    else return;
    event.preventDefault();
  }

  #move([right, down], step) {
    const cursor = this.#cursor;
    cursor.x = clamp(cursor.x + right * step);
    cursor.y = clamp(cursor.y + down * step);
    if (cursor.down) {
      this.continueStroke(cursor.x, cursor.y);
      this.handlers.changed(false);
    }
    this.draw();
  }

  #toggle() {
    if (this.#cursor.down) return this.#lift();
    this.#cursor.down = true;
    this.startStroke(this.#cursor.x, this.#cursor.y);
    this.handlers.notify("the pen is down");
  }

  #lift() {
    const wasDown = this.#cursor.down;
    this.#cursor.down = false;
    this.draw();
    if (!wasDown) return;
    this.handlers.changed(true);
    this.handlers.notify("the pen is up");
  }

  #fit() {
    const side = this.element.clientWidth;
    if (!side) return; // hidden
    this.side = side;
    this.context = sharp(this.canvas, side, side);
    this.canvas.style.width = this.canvas.style.height = ""; // set by the style sheet
    this.draw();
  }

  draw() {
    if (!this.context) return;
    const { context, side } = this;
    const { drawing, example } = this.history.sheet;
    context.clearRect(0, 0, side, side);
    this.hint.hidden = !this.history.empty;
    if (example) this.#drawExample(example);
    for (const stroke of drawing.strokes) {
      stroke.forEach((from, k) => {
        if (k + 1 < stroke.length || k === 0) this.#drawSegment([from, stroke[k + 1] ?? from], drawing.width);
      });
    }
    if (this.canvas.matches(":focus-visible")) this.#drawCursor(drawing.width);
  }

  #drawSegment([from, to], width) {
    const { context, side } = this;
    const pressure = ((from[2] ?? 1) + (to[2] ?? 1)) / 2;
    context.strokeStyle = this.#colour("--pen");
    context.lineWidth = width * side * pressure;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(from[0] * side, from[1] * side);
    context.lineTo(to[0] * side + (from === to ? 0.01 : 0), to[1] * side); // canvases draw no line of length 0
    context.stroke();
  }

  /** Draw an example enlarged, in the colour of the pen. */
  #drawExample(pixels) {
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

  #drawCursor(width) {
    const { context, side } = this;
    const { x, y, down } = this.#cursor;
    context.strokeStyle = this.#colour("--accent");
    context.lineWidth = 2;
    context.setLineDash(down ? [] : [4, 4]);
    context.beginPath();
    context.arc(x * side, y * side, (width * side) / 2 + 3, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
  }

  #colour(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name);
  }
}
