// Arrays as images: feature maps and weights as tiles of pixels, vectors and matrices as cells, tiny ones with numbers.

import { channels, image, largest, pack, sharp, signed, token } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";
import { size } from "handgrad/model/shapes.js";

const GAP = 3; // between tiles, in CSS pixels
const CELL = { image: [14, 14], numbers: [56, 28] }; // the largest, in CSS pixels
const WRITTEN = [36, 18]; // the smallest cell with its number
const MARGIN = 2; // for lines around cells at the edge

/** The tiles of an array: `count` tiles of h × w cells; a row has a multiple of `unit`. Flat vectors may be images. */
function tilesOf(shape, images) {
  const ones = shape.findLastIndex((length, axis) => length === 1 && axis + 1 < shape.length) + 1;
  let dims = shape.length > 3 ? shape : shape.slice(ones);
  const found = dims.length < 3 && images.find((each) => size(each) === dims.at(-1));
  if (found) dims = [...dims.slice(0, -1), ...found];
  const isImage = dims.length > 2;
  const [h, w] = dims.length > 1 ? dims.slice(-2) : [1, 1];
  return { count: size(dims) / (h * w), h, w, unit: dims.length > 3 && dims[0] > 1 ? dims[1] : 1, isImage, gap: isImage ? GAP : 1 };
}

/** Choose the number of tiles in a row that fills a rectangle best: {columns, x, y}, x and y the size of a cell. */
function fit({ count, h, w, unit, isImage, gap }, width, height) {
  const [mostX, mostY] = isImage ? CELL.image : CELL.numbers;
  let best = { columns: 1, x: 0, y: 0 };
  for (let columns = Math.min(unit, count); columns <= count; columns += unit) {
    const rows = Math.ceil(count / columns);
    const x = Math.min(mostX, (width - gap * (columns - 1)) / (columns * w));
    const y = Math.min(mostY, (height - gap * (rows - 1)) / (rows * h));
    const stretch = isImage ? 1 : 3;
    const cell = { columns, x: Math.min(x, stretch * y), y: Math.min(y, stretch * x) };
    if (x > 0 && y > 0 && cell.x * cell.y >= best.x * best.y) best = cell;
  }
  return best;
}

/** An array on a canvas. */
export class ArrayImage {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("handgrad/model/derivation.js").Values} array
   * @param {{images: number[][], width: number, height: number, thumbnail?: boolean, ink?: boolean}} options
   *   `images`: shapes of images, which flat vectors may be; `thumbnail`: of images that do not fit, show the first
   */
  constructor(canvas, { shape, values }, { images, width, height, thumbnail = false, ink = false }) {
    this.canvas = canvas;
    this.values = values;
    this.most = largest(values);
    this.tiles = tilesOf(shape, images);
    this.at = this.#layOut(width - 2 * MARGIN, height - 2 * MARGIN, thumbnail);
    const { count, h, w, isImage, gap } = this.tiles;
    const { columns, x, y } = this.at;
    const rows = Math.ceil(count / columns);
    this.size = [columns * (w * x + gap) - gap + 2 * MARGIN, rows * (h * y + gap) - gap + 2 * MARGIN];
    this.writes = !ink && x >= WRITTEN[0] && y >= WRITTEN[1];
    const black = ink && channels("--ink");
    const scaled = (value) => Math.sign(value) * Math.abs(value / this.most) ** (isImage ? 0.7 : 1); // small weights are visible
    const colour = ink ? (value) => pack(...black, (255 * value) / this.most) : (value) => signed(scaled(value));
    this.pixels = image(columns * w, rows * h, (k) => {
      const [column, row] = [k % (columns * w), Math.floor(k / (columns * w))];
      const tile = Math.floor(row / h) * columns + Math.floor(column / w);
      return tile < count ? colour(values[tile * h * w + (row % h) * w + (column % w)]) : 0;
    });
  }

  #layOut(width, height, thumbnail) {
    const { tiles } = this;
    let at = fit(tiles, width, height);
    if (thumbnail && tiles.isImage && at.x < 1) {
      tiles.count = 1;
      at = fit(tiles, width, height);
    }
    if (thumbnail) return at;
    if (at.x >= 1) return { columns: at.columns, x: Math.floor(at.x), y: Math.max(1, Math.floor(at.y)) };
    const columns = tiles.unit * Math.max(1, Math.floor(width / (tiles.unit * (tiles.w + tiles.gap)))); // it scrolls
    return { columns: Math.min(columns, tiles.count), x: 1, y: 1 };
  }

  /** The tile of an entry as an array, and of entries those within it. */
  tileOf(offset) {
    const { h, w } = this.tiles;
    const start = offset - (offset % (h * w));
    const within = (entries) => new Set([...entries].map((each) => each - start).filter((each) => each >= 0 && each < h * w));
    return { array: { shape: [1, 1, h, w], values: Array.from({ length: h * w }, (_, k) => this.values[start + k]) }, within };
  }

  /** The corner of the cell of an entry, in CSS pixels. */
  corner(offset) {
    const { h, w, gap } = this.tiles;
    const { columns, x, y } = this.at;
    const tile = Math.floor(offset / (h * w));
    const [row, column] = [Math.floor((offset % (h * w)) / w), offset % w];
    const [across, down] = [tile % columns, Math.floor(tile / columns)];
    return [MARGIN + across * (w * x + gap) + column * x, MARGIN + down * (h * y + gap) + row * y];
  }

  /** The entry at a position in CSS pixels, or −1. */
  entryAt(left, top) {
    const { count, h, w, gap } = this.tiles;
    const { columns, x, y } = this.at;
    const [right, below] = [left - MARGIN, top - MARGIN];
    const [across, down] = [Math.floor(right / (w * x + gap)), Math.floor(below / (h * y + gap))];
    const column = Math.min(w - 1, Math.floor((right - across * (w * x + gap)) / x));
    const row = Math.min(h - 1, Math.floor((below - down * (h * y + gap)) / y));
    const tile = down * columns + across;
    return right < 0 || below < 0 || across >= columns || tile >= count ? -1 : tile * h * w + row * w + column;
  }

  /** The entry beside another one, or the same at the edge. */
  beside(offset, across, down) {
    let [left, top] = this.corner(offset);
    let found = offset;
    for (left += this.at.x / 2, top += this.at.y / 2; found === offset; left += across, top += down) found = this.entryAt(left, top);
    return found < 0 ? offset : found;
  }

  /**
   * Draw the first `shown` entries. Where `used` are given, the others fade.
   * @param {{used?: Set<number>, strong?: Iterable<number>, shown?: number}} marks  `strong`: entries with a thick line
   */
  draw({ used, strong, shown = this.values.length } = {}) {
    const context = sharp(this.canvas, ...this.size);
    const fades = used && used.size < this.values.length;
    context.globalAlpha = fades ? 0.3 : 1;
    this.#copy(context, shown);
    context.globalAlpha = 1;
    if (fades) this.#mark(context, used, "--ink", 1, shown);
    if (strong) this.#mark(context, strong, "--accent", 3, shown);
    if (this.writes) this.#write(context, shown, fades ? used : null);
  }

  #copy(context, shown) {
    const { count, h, w } = this.tiles;
    const { columns, x, y } = this.at;
    for (let tile = 0; tile < count && tile * h * w < shown; tile++) {
      const [across, down] = [tile % columns, Math.floor(tile / columns)];
      const rows = Math.min(h, Math.ceil((shown - tile * h * w) / w));
      context.drawImage(this.pixels, across * w, down * h, w, rows, ...this.corner(tile * h * w), w * x, rows * y);
    }
  }

  /** Draw a line around entries, and none between neighbours. */
  #mark(context, entries, colour, line, shown) {
    const cells = (margin) => {
      const path = new Path2D();
      for (const offset of entries) {
        const [left, top] = this.corner(offset);
        path.rect(left - margin, top - margin, this.at.x + 2 * margin, this.at.y + 2 * margin);
      }
      return path;
    };
    context.fillStyle = token(colour);
    context.fill(cells(line));
    context.save();
    context.clip(cells(0));
    context.clearRect(0, 0, ...this.size);
    this.#copy(context, shown);
    context.restore();
  }

  #write(context, shown, used) {
    Object.assign(context, { font: `12px ${token("--font")}`, textAlign: "center", textBaseline: "middle" });
    const [faded, light, dark] = ["--muted", "--paper", "--ink"].map(token);
    for (let k = 0; k < shown; k++) {
      const [left, top] = this.corner(k);
      context.fillStyle = used && !used.has(k) ? faded : Math.abs(this.values[k]) > 0.55 * this.most ? light : dark;
      context.fillText(number(this.values[k], 3), left + this.at.x / 2, top + this.at.y / 2 + 1, this.at.x - 2);
    }
  }
}
