// Many small images of one size on one canvas; one can be selected by mouse, touch or arrow keys.

import { sharp } from "handgrad/draw/images.js";
import { arrowTarget, element } from "handgrad/elements.js";

const GAP = 3;

export class Mosaic {
  #hovered = null;
  #pinned = null;
  columns = 1;

  /**
   * @param count     the number of images
   * @param cell      function (width of the mosaic) -> [width, height] of an image with what belongs to it
   * @param label     for screen readers
   * @param resized   called where everything has to be drawn again
   * @param selected  called where the selection has changed
   */
  constructor({ count, cell, label, resized, selected }) {
    Object.assign(this, { count, cell, resized, selected });
    this.groundCanvas = element("canvas", { "aria-hidden": "true" });
    this.overCanvas = element("canvas", {
      class: "mosaic-over",
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
    this.element = element("div", { class: "mosaic" }, this.groundCanvas, this.overCanvas);
    new ResizeObserver(() => this.fit()).observe(this.element);
  }

  /** The index of the selected image, or null. */
  get selection() {
    return this.#hovered ?? this.#pinned;
  }

  /** Arrange the images in the available width. */
  fit() {
    const width = this.element.clientWidth;
    if (!width) return;
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    if (width === this.width && dark === this.dark && devicePixelRatio === this.ratio) return;
    [this.width, this.dark, this.ratio] = [width, dark, devicePixelRatio];
    [this.cellWidth, this.cellHeight] = this.cell(width);
    const most = Math.max(1, Math.min(this.count, Math.floor((width - 4 + GAP) / (this.cellWidth + GAP))));
    const rows = Math.ceil(this.count / most);
    this.columns = Math.ceil(this.count / rows); // rows of equal length, as far as possible
    const size = [this.columns * (this.cellWidth + GAP) - GAP, rows * (this.cellHeight + GAP) - GAP];
    this.ground = sharp(this.groundCanvas, ...size);
    this.over = sharp(this.overCanvas, ...size);
    this.resized();
  }

  /** The upper left corner of image k. */
  corner(k) {
    return [(k % this.columns) * (this.cellWidth + GAP), Math.floor(k / this.columns) * (this.cellHeight + GAP)];
  }

  clear() {
    this.over.clearRect(0, 0, this.overCanvas.width, this.overCanvas.height);
  }

  /** Draw a frame around image k. */
  frame(k, colour) {
    const [x, y] = this.corner(k);
    this.over.strokeStyle = colour;
    this.over.lineWidth = 2;
    this.over.strokeRect(x + 1, y + 1, this.cellWidth - 2, this.cellHeight - 2);
  }

  /** Describe the image that is shown in detail to screen readers. */
  describe(k, text) {
    this.overCanvas.setAttribute("aria-valuenow", k + 1);
    this.overCanvas.setAttribute("aria-valuetext", text);
    this.shown = k;
  }

  #indexOf(event) {
    const box = this.overCanvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (this.cellWidth + GAP));
    const row = Math.floor((event.clientY - box.top) / (this.cellHeight + GAP));
    const k = row * this.columns + Math.min(column, this.columns - 1);
    return k >= 0 && k < this.count ? k : null;
  }

  #hover(k) {
    if (k === this.#hovered) return;
    this.#hovered = k;
    this.selected();
  }

  #pin(k) {
    this.#pinned = k === this.#pinned ? null : k;
    this.selected();
  }

  #onKey(event) {
    const target = event.key === "Escape" ? null : arrowTarget(event, this.selection ?? this.shown ?? 0, this.count, this.columns);
    if (target === undefined) return;
    event.preventDefault();
    if (target !== null && (target < 0 || target >= this.count)) return;
    this.#pinned = target;
    this.selected();
  }
}
