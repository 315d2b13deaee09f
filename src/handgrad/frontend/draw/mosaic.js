// Many small pictures of one size on one canvas, of which one can be picked: by the mouse, a tap, or the arrow keys.

import { element } from "handgrad/elements.js";
import { sharp } from "handgrad/draw/shades.js";

export class Mosaic {
  #hovered = null;
  #pinned = null;
  columns = 1;

  /**
   * @param count   how many pictures
   * @param cell    function (width of the mosaic) -> [width, height] of a picture with what belongs to it
   * @param label   for screen readers
   * @param drawn   called where everything has to be drawn again
   * @param picked  called where another picture was picked
   */
  constructor({ count, cell, label, drawn, picked, gap = 3 }) {
    Object.assign(this, { count, cell, drawn, picked, gap });
    this.groundCanvas = element("canvas", { "aria-hidden": "true" });
    this.overCanvas = element("canvas", {
      class: "mosaic-over",
      tabindex: 0,
      role: "slider",
      "aria-label": label,
      "aria-valuemin": 1,
      "aria-valuemax": count,
      "aria-valuenow": 1,
    });
    this.element = element("div", { class: "mosaic" }, this.groundCanvas, this.overCanvas);
    const over = this.overCanvas;
    over.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.#hover(this.#under(event)));
    over.addEventListener("pointerleave", () => this.#hover(null));
    over.addEventListener("click", (event) => this.#pin(this.#under(event)));
    over.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.fit()).observe(this.element);
  }

  /** The picture that is picked, or null. */
  get choice() {
    return this.#hovered ?? this.#pinned;
  }

  /** Lay the pictures out in the width there is. */
  fit() {
    const width = this.element.clientWidth;
    if (!width) return;
    const scheme = matchMedia("(prefers-color-scheme: dark)").matches;
    if (width === this.width && scheme === this.scheme && devicePixelRatio === this.ratio) return;
    [this.width, this.scheme, this.ratio] = [width, scheme, devicePixelRatio];
    [this.cellWidth, this.cellHeight] = this.cell(width);
    const most = Math.max(1, Math.min(this.count, Math.floor((width - 4 + this.gap) / (this.cellWidth + this.gap))));
    const rows = Math.ceil(this.count / most);
    this.columns = Math.ceil(this.count / rows); // as even rows as can be
    const size = [
      this.columns * (this.cellWidth + this.gap) - this.gap,
      rows * (this.cellHeight + this.gap) - this.gap,
    ];
    this.ground = sharp(this.groundCanvas, ...size);
    this.over = sharp(this.overCanvas, ...size);
    this.drawn();
  }

  /** Upper left corner of picture k. */
  place(k) {
    return [
      (k % this.columns) * (this.cellWidth + this.gap),
      Math.floor(k / this.columns) * (this.cellHeight + this.gap),
    ];
  }

  clear() {
    this.over.clearRect(0, 0, this.overCanvas.width, this.overCanvas.height);
  }

  /** A frame around the picture that is shown in full. */
  frame(k, colour) {
    const [x, y] = this.place(k);
    this.over.strokeStyle = colour;
    this.over.lineWidth = 2;
    this.over.strokeRect(x + 1, y + 1, this.cellWidth - 2, this.cellHeight - 2);
  }

  /** Tell screen readers what is picked. */
  tell(k, text) {
    this.overCanvas.setAttribute("aria-valuenow", k + 1);
    this.overCanvas.setAttribute("aria-valuetext", text);
    this.shown = k;
  }

  #under(event) {
    const box = this.overCanvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (this.cellWidth + this.gap));
    const row = Math.floor((event.clientY - box.top) / (this.cellHeight + this.gap));
    const k = row * this.columns + Math.min(column, this.columns - 1);
    return k >= 0 && k < this.count ? k : null;
  }

  #hover(k) {
    if (k === this.#hovered) return;
    this.#hovered = k;
    this.picked();
  }

  #pin(k) {
    this.#pinned = k === this.#pinned ? null : k;
    this.picked();
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[event.key];
    const at = this.choice ?? this.shown ?? 0;
    if (event.key === "Escape") this.#pinned = null;
    else if (event.key === "Home") this.#pinned = 0;
    else if (event.key === "End") this.#pinned = this.count - 1;
    else if (step && at + step >= 0 && at + step < this.count) this.#pinned = at + step;
    else if (!step) return;
    event.preventDefault();
    this.picked();
  }
}
