// The canvas to draw on: mouse, touch, pen and keyboard become strokes.

import { begin, extend } from "handgrad/draw/strokes.js";
import { ARROWS, element } from "handgrad/elements.js";
import { channels, image, onScheme, pack, sharp, token } from "handgrad/images.js";

const STEP = 0.025; // of the canvas's side per arrow key; with Shift four times as far
const SPEED = 0.035; // per frame, in units of the canvas's side: a sample takes about a second
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const clamp = (value) => Math.min(1, Math.max(0, value));

export class Pad {
  #cursor = { x: 0.5, y: 0.5, down: false }; // the pen of the keyboard
  #pointer = null;
  #frame = null; // in which more of a sample is written

  /**
   * @param history   of sheets
   * @param handlers  with changed(finished), digit(key) for a key 0 … 9, notify(text)
   */
  constructor(history, handlers) {
    this.history = history;
    this.handlers = handlers;
    const up = (event) => event.pointerId === this.#pointer && this.#onUp();
    this.canvas = element("canvas", {
      class: "pad-canvas",
      tabindex: 0,
      role: "application",
      "aria-label": "Drawing area",
      "aria-roledescription": "drawing area",
      "aria-describedby": "pad-keys",
      onpointerdown: (event) => this.#onDown(event),
      onpointermove: (event) => this.#onMove(event),
      onpointerup: up,
      onpointercancel: up,
      onkeydown: (event) => this.#onKey(event),
      onfocus: () => this.draw(),
      onblur: () => this.#lift(),
      oncontextmenu: (event) => event.preventDefault(), // a long press is a stroke
    });
    this.hint = element("p", { class: "pad-hint", "aria-hidden": "true" }, "Draw a digit here");
    this.element = element("div", { class: "pad" }, this.canvas, this.hint);
    new ResizeObserver(() => this.draw()).observe(this.element);
    onScheme(() => this.draw());
  }

  /** Whether a stroke is being drawn. */
  get drawing() {
    return this.#pointer !== null || this.#cursor.down || this.#frame !== null;
  }

  undo() {
    this.#change(() => this.history.undo());
  }

  clear() {
    this.open(null);
  }

  /** Show an example in place of the drawing, or nothing. */
  open(example) {
    this.#change(() => this.history.open(example));
  }

  #change(work) {
    this.#stop();
    work();
    this.draw();
    this.handlers.changed(true);
  }

  /** Write strokes like by hand, a few points per frame. */
  write(strokes) {
    const points = strokes.flatMap((stroke) => stroke.map(([x, y], k) => ({ x, y, starts: k === 0 })));
    let last = points[0];
    const frame = () => {
      for (let rest = STILL.matches ? Infinity : SPEED; points.length && rest > 0; ) {
        const point = points.shift();
        if (point.starts) this.startStroke(point.x, point.y);
        else this.continueStroke(point.x, point.y);
        rest -= point.starts ? 0 : Math.hypot(point.x - last.x, point.y - last.y);
        last = point;
      }
      this.#frame = points.length ? requestAnimationFrame(frame) : null;
      this.handlers.changed(!points.length);
    };
    frame();
  }

  #stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  #onDown(event) {
    if (!event.isPrimary || event.button !== 0 || this.#pointer !== null) return;
    this.#stop();
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

  #onUp() {
    this.#pointer = null;
    this.handlers.changed(true);
  }

  /** Start a stroke; it replaces an example. */
  startStroke(x, y, pressure = 1) {
    this.history.push({ drawing: begin(this.history.sheet.drawing, x, y, pressure), example: null, edits: new Map() });
    this.draw();
    this.handlers.changed(false);
  }

  /** Extend the last stroke, and draw only the new segment. */
  continueStroke(x, y, pressure = 1) {
    const { drawing } = this.history.sheet;
    if (extend(drawing, x, y, pressure)) this.#drawSegment(drawing.strokes.at(-1).slice(-2), drawing.width);
  }

  #pointOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure ? 0.7 + 0.6 * event.pressure : 1;
    return /** @type {const} */ ([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, pressure]);
  }

  #onKey(event) {
    const key = event.key.toLowerCase();
    if (event.altKey || event.metaKey || (event.ctrlKey && key !== "z")) return;
    if (ARROWS[event.key]) this.#move(ARROWS[event.key], event.shiftKey ? 4 * STEP : STEP);
    else if (key === " " || key === "enter") this.#toggle();
    else if (/^[0-9]$/.test(key)) this.handlers.digit(key);
    else if (key === "z" || key === "backspace") this.undo();
    else if (key === "delete") this.clear();
    else if (key === "escape" && this.#cursor.down) this.#lift();
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

  draw() {
    this.side = this.element.clientWidth;
    if (!this.side) return; // hidden
    this.context = sharp(this.canvas, this.side, this.side);
    const { drawing, example } = this.history.sheet;
    this.hint.hidden = !this.history.empty;
    if (example) this.#drawExample(example);
    for (const stroke of drawing.strokes) {
      if (stroke.length === 1) this.#drawSegment([stroke[0], stroke[0]], drawing.width);
      for (let k = 1; k < stroke.length; k++) this.#drawSegment(stroke.slice(k - 1, k + 1), drawing.width);
    }
    if (this.canvas.matches(":focus-visible")) this.#drawCursor(drawing.width);
  }

  #drawSegment([from, to], width) {
    const { context, side } = this;
    if (!side) return; // hidden
    context.strokeStyle = token("--pen");
    context.lineWidth = (width * side * ((from[2] ?? 1) + (to[2] ?? 1))) / 2;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(from[0] * side, from[1] * side);
    context.lineTo(to[0] * side + (from === to ? 0.01 : 0), to[1] * side); // canvases draw no line of length 0
    context.stroke();
  }

  /** Draw an example enlarged, in the colour of the pen. */
  #drawExample(pixels) {
    const pen = channels("--pen");
    this.context.imageSmoothingEnabled = true;
    this.context.imageSmoothingQuality = "high";
    const enlarged = image(28, 28, (k) => pack(...pen, pixels[k]));
    this.context.drawImage(enlarged, 0, 0, this.side, this.side);
  }

  #drawCursor(width) {
    const { x, y, down } = this.#cursor;
    this.context.strokeStyle = token("--accent");
    this.context.lineWidth = 2;
    this.context.setLineDash(down ? [] : [4, 4]);
    this.context.beginPath();
    this.context.arc(x * this.side, y * this.side, (width * this.side) / 2 + 3, 0, 2 * Math.PI);
    this.context.stroke();
    this.context.setLineDash([]);
  }
}
