// Arrays as images: feature maps and weights as tiles of pixels, vectors and matrices as cells, tiny ones with numbers.

import { channels, image, largest, pack, sharp, signed, token } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";
import { size } from "handgrad/model/shapes.js";

const GAP = 3; // between tiles, in CSS pixels
const CELL = { image: [14, 14], numbers: [56, 28] }; // the largest, in CSS pixels
const WRITTEN = [36, 18]; // the smallest cell with its number

/**
 * The tiles of an array: `count` tiles of h × w cells, in rows of a multiple of `unit` tiles.
 * @param {number[]} shape
 * @param {number[][]} images  shapes [C, H, W] of the network, of which flat vectors may be images
 */
export function tilesOf(shape, images) {
  let dims = shape.length > 3 ? shape : shape.slice(shape.findLastIndex((length, axis) => length === 1 && axis + 1 < shape.length) + 1);
  const found = dims.length < 3 && images.find((each) => size(each) === dims.at(-1));
  if (found) dims = [...dims.slice(0, -1), ...found];
  const isImage = dims.length > 2;
  const [h, w] = dims.length > 1 ? dims.slice(-2) : [1, 1];
  return { count: size(dims) / (h * w), h, w, unit: dims.length > 3 && dims[0] > 1 ? dims[1] : 1, isImage, gap: isImage ? GAP : 1 };
}

/**
 * Choose the number of tiles per row that fills a rectangle best: {columns, x, y}, x and y the size of a cell. Of images
 * that do not fit, a thumbnail has only the first; otherwise they are as wide as the rectangle, and it scrolls.
 */
function fit(tiles, width, height, thumbnail) {
  const { count, h, w, unit, isImage, gap } = tiles;
  const [mostX, mostY] = isImage ? CELL.image : CELL.numbers;
  let best = { columns: 1, x: 0, y: 0 };
  for (let columns = Math.min(unit, count); columns <= count; columns += unit) {
    const rows = Math.ceil(count / columns);
    let x = Math.min(mostX, (width - gap * (columns - 1)) / (columns * w));
    let y = Math.min(mostY, (height - gap * (rows - 1)) / (rows * h));
    [x, y] = isImage ? [Math.min(x, y), Math.min(x, y)] : [Math.min(x, 3 * y), Math.min(y, 3 * x)];
    if (x > 0 && y > 0 && x * y >= best.x * best.y) best = { columns, x, y };
  }
  if (thumbnail && (!isImage || count === 1)) return best;
  if (best.x >= 1) return { columns: best.columns, x: Math.floor(best.x), y: Math.max(1, Math.floor(best.y)) };
  if (thumbnail) {
    tiles.count = 1;
    return fit(tiles, width, height, thumbnail);
  }
  const columns = Math.max(unit, unit * Math.floor((width + gap) / (unit * (w + gap))));
  return { columns: Math.min(columns, count), x: 1, y: 1 };
}

/** An array on a canvas. */
export class ArrayImage {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{shape: number[], values: ArrayLike<number>}} array
   * @param {{images: number[][], width: number, height: number, thumbnail?: boolean, ink?: boolean}} options  `ink`: as a drawing
   */
  constructor(canvas, { shape, values }, { images, width, height, thumbnail = false, ink = false }) {
    this.canvas = canvas;
    this.values = values;
    this.tiles = tilesOf(shape, images);
    if (thumbnail && !this.tiles.isImage) this.tiles.gap = 0;
    this.at = fit(this.tiles, width, height, thumbnail);
    const { count, h, w, isImage, gap } = this.tiles;
    const { columns, x, y } = this.at;
    const rows = Math.ceil(count / columns);
    this.size = [columns * (w * x + gap) - gap, rows * (h * y + gap) - gap];
    this.most = largest(values);
    const paper = channels("--ink");
    const colour = ink
      ? (value) => pack(...paper, (255 * value) / this.most)
      : (value) => signed(Math.sign(value) * (Math.abs(value) / this.most) ** (isImage ? 0.7 : 1));
    this.pixels = image(columns * w, rows * h, (k) => {
      const [column, row] = [k % (columns * w), Math.floor(k / (columns * w))];
      const tile = Math.floor(row / h) * columns + Math.floor(column / w);
      return tile < count ? colour(values[tile * h * w + (row % h) * w + (column % w)]) : 0;
    });
    this.writes = !ink && x >= WRITTEN[0] && y >= WRITTEN[1];
  }

  /** The tile of an entry as an array, and the entries of it among others. */
  tileOf(offset) {
    const { h, w } = this.tiles;
    const start = offset - (offset % (h * w));
    const within = (entries) => entries && new Set([...entries].map((each) => each - start).filter((each) => each >= 0 && each < h * w));
    return { array: { shape: [1, 1, h, w], values: this.values.slice(start, start + h * w) }, within };
  }

  /** The corner of the cell of an entry, in CSS pixels. */
  corner(offset) {
    const { h, w, gap } = this.tiles;
    const tile = Math.floor(offset / (h * w));
    const [down, across] = [Math.floor(tile / this.at.columns), tile % this.at.columns];
    const [row, column] = [Math.floor((offset % (h * w)) / w), offset % w];
    return [across * (w * this.at.x + gap) + column * this.at.x, down * (h * this.at.y + gap) + row * this.at.y];
  }

  /** The entry at a position in CSS pixels, or −1. */
  entryAt(left, top) {
    const { count, h, w, gap } = this.tiles;
    const [stepX, stepY] = [w * this.at.x + gap, h * this.at.y + gap];
    const [across, down] = [Math.floor(left / stepX), Math.floor(top / stepY)];
    const column = Math.min(w - 1, Math.floor((left - across * stepX) / this.at.x));
    const row = Math.min(h - 1, Math.floor((top - down * stepY) / this.at.y));
    const tile = down * this.at.columns + across;
    return left < 0 || top < 0 || across >= this.at.columns || tile >= count ? -1 : tile * h * w + row * w + column;
  }

  /** The entry that an arrow key leads to. */
  move(offset, key) {
    const [left, top] = this.corner(offset);
    const { h, w, gap } = this.tiles;
    const inner = offset % (h * w);
    const [x, y] = [this.at.x / 2, this.at.y / 2];
    const to = {
      ArrowLeft: [left + x - this.at.x - (inner % w ? 0 : gap), top + y],
      ArrowRight: [left + x + this.at.x + ((inner % w) + 1 < w ? 0 : gap), top + y],
      ArrowUp: [left + x, top + y - this.at.y - (inner >= w ? 0 : gap)],
      ArrowDown: [left + x, top + y + this.at.y + (inner + w < h * w ? 0 : gap)],
    }[key];
    const found = to ? this.entryAt(...to) : -1;
    return found < 0 ? offset : found;
  }

  /**
   * Draw the array.
   * @param {{used?: Set<number>|null, strong?: Set<number>|null, entry?: number, shown?: number}} marks
   *   `used`: entries that a sum uses, the others fade; `strong`: those of one term; `shown`: the number of entries
   */
  draw({ used = null, strong = null, entry = -1, shown = Infinity } = {}) {
    const context = sharp(this.canvas, ...this.size);
    const fades = used && used.size < this.values.length;
    context.globalAlpha = fades ? 0.3 : 1;
    this.#copy(context, shown);
    context.globalAlpha = 1;
    if (fades) {
      context.save();
      context.clip(this.#cells(used));
      context.clearRect(0, 0, ...this.size);
      this.#copy(context, shown);
      context.restore();
    }
    if (this.writes) this.#write(context, shown, fades ? used : null);
    if (used?.size) this.#stroke(context, used, "--ink", 1);
    if (strong) this.#stroke(context, strong, "--accent", 3);
    if (entry >= 0) this.#stroke(context, new Set([entry]), "--accent", 3);
  }

  #copy(context, shown) {
    const { count, h, w, gap } = this.tiles;
    const { columns, x, y } = this.at;
    for (let tile = 0; tile < count && tile * h * w < shown; tile++) {
      const [across, down] = [tile % columns, Math.floor(tile / columns)];
      const rows = Math.min(h, Math.ceil((shown - tile * h * w) / w));
      context.drawImage(this.pixels, across * w, down * h, w, rows, across * (w * x + gap), down * (h * y + gap), w * x, rows * y);
    }
  }

  #write(context, shown, used) {
    context.font = `12px ${token("--font")}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let k = 0; k < Math.min(shown, this.values.length); k++) {
      const [left, top] = this.corner(k);
      const dark = Math.abs(this.values[k]) > 0.55 * this.most;
      context.fillStyle = token(used && !used.has(k) ? "--muted" : dark ? "--paper" : "--ink");
      context.fillText(number(this.values[k], 3), left + this.at.x / 2, top + this.at.y / 2 + 1, this.at.x - 2);
    }
  }

  #cells(entries) {
    const path = new Path2D();
    for (const offset of entries) path.rect(...this.corner(offset), this.at.x, this.at.y);
    return path;
  }

  /** Draw a line around entries, and none between neighbours. */
  #stroke(context, entries, colour, width) {
    const { h, w } = this.tiles;
    const { x, y } = this.at;
    context.fillStyle = token(colour);
    for (const offset of entries) {
      const [left, top] = this.corner(offset);
      const inner = offset % (h * w);
      const beside = (step, inside) => inside && entries.has(offset + step);
      if (!beside(-1, inner % w > 0)) context.fillRect(left - width / 2, top - width / 2, width, y + width);
      if (!beside(1, (inner % w) + 1 < w)) context.fillRect(left + x - width / 2, top - width / 2, width, y + width);
      if (!beside(-w, inner >= w)) context.fillRect(left - width / 2, top - width / 2, x + width, width);
      if (!beside(w, inner + w < h * w)) context.fillRect(left - width / 2, top + y - width / 2, x + width, width);
    }
  }
}
