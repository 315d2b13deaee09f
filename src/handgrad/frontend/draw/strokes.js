// A drawing as strokes, and as an image.
//
// A drawing is {"width": 0.08, "strokes": [[[x, y], ...], ...]}: points and the pen's width in units of the canvas's
// side. A point may have a third number, the factor by which the pen is wider there (pressure).

import { frameDigit } from "handgrad/model/framing.js";
import { Memory } from "handgrad/model/kernels.js";

export const WIDTH = 0.08;
export const SIDE = 280; // pixels of the image that is framed
const MIN_DISTANCE = 0.002; // points nearer to the last one are dropped
const SMALL = 0.6; // drawings below this size are enlarged to it
const DOT = 0.02; // below it there is nothing to enlarge
const GAP = 0.03; // between two digits, beyond the pen

let memory = null; // of the kernel that draws
const clamp = (value) => Math.min(1, Math.max(0, value));
const rounded = (value) => Math.round(value * 10000) / 10000; // to the digits of the JSON form

/** A drawing without strokes. */
export const blank = (width = WIDTH) => ({ width, strokes: [] });

/** Return a drawing with one more stroke, of one point. */
export const begin = (drawing, x, y, pressure = 1) => ({ ...drawing, strokes: [...drawing.strokes, [point(x, y, pressure)]] });

/** Extend the last stroke in place, and return whether the point was far enough to be added. */
export function extend(drawing, x, y, pressure = 1) {
  const stroke = drawing.strokes.at(-1);
  const next = point(x, y, pressure);
  const [lastX, lastY] = stroke.at(-1);
  if (Math.hypot(next[0] - lastX, next[1] - lastY) < MIN_DISTANCE) return false;
  stroke.push(next);
  return true;
}

function point(x, y, pressure) {
  const xy = [rounded(clamp(x)), rounded(clamp(y))];
  return pressure === 1 ? xy : [...xy, rounded(pressure)];
}

/** The smallest and the largest coordinates of points: [left, top, right, bottom]. */
function boxOf(points) {
  const start = [Infinity, Infinity, -Infinity, -Infinity];
  return points.reduce(([a, b, c, d], [x, y]) => [Math.min(a, x), Math.min(b, y), Math.max(c, x), Math.max(d, y)], start);
}

/**
 * Enlarge a small drawing about the middle of its box, and move it and one that the edge cuts to the middle of the canvas.
 *
 * Framing enlarges the ink, and with it the pen: the strokes of a small digit would become a blot. Here the pen's width stays.
 */
export function enlarged(drawing) {
  const [left, top, right, bottom] = boxOf(drawing.strokes.flat());
  const [size, pen] = [Math.max(right - left, bottom - top), drawing.width / 2];
  const inside = Math.min(left, top) >= pen && Math.max(right, bottom) <= 1 - pen;
  if (!(size > DOT) || (size > SMALL - 0.001 && (inside || size > 1 - 2 * pen))) return drawing;
  const factor = Math.max(1, SMALL / size);
  const place = (value, middle) => rounded(clamp(0.5 + factor * (value - middle)));
  const move = ([x, y, ...pressure]) => [place(x, (left + right) / 2), place(y, (top + bottom) / 2), ...pressure];
  return { ...drawing, strokes: drawing.strokes.map((stroke) => stroke.map(move)) };
}

/**
 * What is doubtful about strokes as one digit, in a line, or "": a dot; or several digits, which are groups with a clear gap
 * between them, each at least half as tall as the tallest.
 */
export function doubtAbout({ strokes, width }) {
  const [left, top, right, bottom] = boxOf(strokes.flat());
  if (strokes.length && Math.max(right - left, bottom - top) < DOT) return "This is only a dot: draw a digit.";
  const groups = [];
  for (const box of strokes.map(boxOf).sort((a, b) => a[0] - b[0])) {
    const last = groups.at(-1);
    if (!last || box[0] - last[2] > width + GAP) groups.push(box);
    else groups[groups.length - 1] = boxOf([last.slice(0, 2), last.slice(2), box.slice(0, 2), box.slice(2)]);
  }
  const heights = groups.map(([, top, , bottom]) => bottom - top);
  const digits = heights.filter((height) => height > DOT && height >= Math.max(...heights) / 2);
  return digits.length > 1 ? "Several digits? The network reads one at a time." : "";
}

/**
 * Render strokes as side × side bytes: 0 is paper, 255 ink.
 *
 * Between two neighbouring points the pen draws a segment with round ends. A pixel whose centre lies d from a segment of
 * radius r has the darkness clip(1/2 + r − d, 0, 1), and the darkest segment counts: draw_strokes of kernels/images.py.
 */
export function renderStrokes({ strokes, width }, side = SIDE) {
  memory ??= new Memory("f64");
  const start = memory.mark;
  const drawn = strokes.map((stroke) => (stroke.length > 1 ? stroke : [stroke[0], stroke[0]])); // a dot
  const points = drawn.flat();
  const down = drawn.flatMap((stroke) => stroke.map((_, k) => Number(k + 1 < stroke.length)));
  const xy = memory.put(points.flatMap(([x, y]) => [x * side, y * side]));
  const radii = memory.put(points.map(([, , pressure = 1]) => (width * side * pressure) / 2));
  const joined = memory.put(down.slice(0, -1), Uint8Array);
  const [softness, image] = [memory.put([1]), memory.allocate(Uint8Array, side * side)];
  memory.call("draw_strokes", 1, points.length, side, xy, radii, joined, softness, image);
  const ink = memory.read(image, side * side, Uint8Array);
  memory.release(start);
  return ink;
}

/** The 28×28 bytes of a drawing: framed as MNIST's digits, or, for framing "plain", as drawn. */
export const pixelsOf = (drawing, framing) => (framing === "digit" ? frameDigit(renderStrokes(drawing), SIDE) : renderStrokes(drawing, 28));
