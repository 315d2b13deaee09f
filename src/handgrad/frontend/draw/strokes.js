// A drawing as strokes, and as an image.
//
// A drawing is {"width": 0.08, "strokes": [[[x, y], ...], ...]}: points and the pen's width in units of the canvas's
// side. A point may have a third number, the factor by which the pen is wider there (pressure).

import { round } from "handgrad/model/framing.js";

export const WIDTH = 0.08;
export const SIDE = 280; // pixels of the image that is framed
const MIN_DISTANCE = 0.002; // points nearer to the last one are dropped

const clamp = (value) => Math.min(1, Math.max(0, value));
const rounded = (value) => Math.round(value * 10000) / 10000; // to the digits of the JSON form

/** A drawing without strokes. */
export function blank(width = WIDTH) {
  return { width, strokes: [] };
}

/** Return a drawing with one more stroke, of one point. */
export function begin(drawing, x, y, pressure = 1) {
  return { ...drawing, strokes: [...drawing.strokes, [point(x, y, pressure)]] };
}

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

/**
 * Render strokes as side × side bytes: 0 is paper, 255 ink.
 *
 * Between two neighbouring points the pen draws a segment with round ends. A pixel whose centre lies d from a segment of
 * radius r has the darkness clip(1/2 + r − d, 0, 1), and the darkest segment counts: draw_strokes of kernels/images.py.
 */
export function renderStrokes(drawing, side = SIDE) {
  const ink = new Float64Array(side * side);
  for (const stroke of drawing.strokes) {
    stroke.forEach((from, k) => {
      if (k + 1 < stroke.length || k === 0) renderSegment(ink, side, from, stroke[k + 1] ?? from, drawing.width);
    });
  }
  return Uint8Array.from(ink, (darkness) => round(255 * darkness));
}

function renderSegment(ink, side, [x, y, pressure = 1], [endX, endY, endPressure = 1], width) {
  const [startX, startY] = [x * side, y * side];
  const [dx, dy] = [endX * side - startX, endY * side - startY];
  const length2 = Math.max(dx * dx + dy * dy, 1e-12); // two equal points are a dot
  const radius = (width * side * pressure) / 2;
  const growth = (width * side * endPressure) / 2 - radius;
  const reach = Math.max(radius, radius + growth) + 1;
  const [left, right] = range(startX, startX + dx, reach, side);
  const [top, bottom] = range(startY, startY + dy, reach, side);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const fromX = column + 0.5 - startX;
      const fromY = row + 0.5 - startY;
      const t = clamp((fromX * dx + fromY * dy) / length2);
      const acrossX = fromX - t * dx;
      const acrossY = fromY - t * dy;
      const distance = Math.sqrt(acrossX * acrossX + acrossY * acrossY);
      const darkness = clamp(0.5 + (radius + t * growth - distance));
      if (darkness > ink[row * side + column]) ink[row * side + column] = darkness;
    }
  }
}

function range(a, b, reach, side) {
  return [Math.max(0, Math.floor(Math.min(a, b) - reach)), Math.min(side, Math.ceil(Math.max(a, b) + reach))];
}
