// Many small images of one size on one canvas; one can be selected by mouse, touch or arrow keys.

import { sharp } from "handgrad/images.js";
import { arrowTarget, element } from "handgrad/elements.js";

const GAP = 3;

export class Mosaic {
  #hovered = null;
  #pinned = null;
  columns = 1;

  /**
   * @param count  the number of images
   * @param cell   function (width of the mosaic) -> [width, height] of an image with what belongs to it
   * @param label  for screen readers
   * @param draw   called where the selection, the size or the colours have changed
   */
  constructor({ count, cell, label, draw }) {
    Object.assign(this, { count, cell, draw });
    this.canvas = element("canvas", {
      tabindex: 0,
      role: "slider",
      "aria-label": label,
      "aria-valuemin": 1,
      "aria-valuemax": count,
      "aria-valuenow": 1,
      onpointermove: (event) => event.pointerType === "mouse" && this.#hover(this.#indexOf(event)),
      onpointerleave: () => this.#hover(null),
      onclick: (event) => this.#pin(this.#indexOf(event)),
      onkeydown: (event) => this.#onKey(event),
    });
    this.element = element("div", { class: "mosaic" }, this.canvas);
    new ResizeObserver(() => this.fit()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.context && this.draw());
  }

  /** The index of the selected image, or null. */
  get selection() {
    return this.#hovered ?? this.#pinned;
  }

  /** Arrange the images in the available width. */
  fit() {
    const width = this.element.clientWidth;
    if (!width) return; // hidden
    [this.cellWidth, this.cellHeight] = this.cell(width);
    const most = Math.max(1, Math.min(this.count, Math.floor((width - 4 + GAP) / (this.cellWidth + GAP))));
    const rows = Math.ceil(this.count / most);
    this.columns = Math.ceil(this.count / rows); // rows of equal length, as far as possible
    this.context = sharp(this.canvas, this.columns * (this.cellWidth + GAP) - GAP, rows * (this.cellHeight + GAP) - GAP);
    this.draw();
  }

  /** The upper left corner of image k. */
  corner(k) {
    return [(k % this.columns) * (this.cellWidth + GAP), Math.floor(k / this.columns) * (this.cellHeight + GAP)];
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Frame image k, which is shown in detail, and describe it to screen readers. */
  show(k, text) {
    const [x, y] = this.corner(k);
    this.context.strokeStyle = getComputedStyle(this.canvas).getPropertyValue("--accent");
    this.context.lineWidth = 2;
    this.context.strokeRect(x + 1, y + 1, this.cellWidth - 2, this.cellHeight - 2);
    this.canvas.setAttribute("aria-valuenow", k + 1);
    this.canvas.setAttribute("aria-valuetext", text);
    this.shown = k;
  }

  #indexOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (this.cellWidth + GAP));
    const row = Math.floor((event.clientY - box.top) / (this.cellHeight + GAP));
    const k = row * this.columns + Math.min(column, this.columns - 1);
    return k >= 0 && k < this.count ? k : null;
  }

  #hover(k) {
    if (k === this.#hovered) return;
    this.#hovered = k;
    this.draw();
  }

  #pin(k) {
    this.#pinned = k === this.#pinned ? null : k;
    this.draw();
  }

  #onKey(event) {
    const target = event.key === "Escape" ? null : arrowTarget(event, this.selection ?? this.shown ?? 0, this.count, this.columns);
    if (target === undefined) return;
    event.preventDefault();
    if (target !== null && (target < 0 || target >= this.count)) return;
    this.#pinned = target;
    this.draw();
  }
}
