// A drawing as strokes, and the same strokes as a picture.
//
// A drawing is {"width": 0.08, "strokes": [[[x, y], ...], ...]}: the way of the pen in units of the canvas's side, and
// the width of the pen in the same unit. A point may have a third number, how much wider the pen is there (pressure).

export const WIDTH = 0.08;
export const SIDE = 280; // pixels of the picture that is framed: fine enough for a digit of a tenth of the canvas
const NEAREST = 0.002; // a point nearer than this to the one before tells nothing

/** Round to what the JSON form keeps, so that a drawing that is saved and read again gives the same picture. */
function rounded(value) {
  return Math.round(value * 10000) / 10000;
}

/** A drawing with no strokes yet. */
export function blank(width = WIDTH) {
  return { width, strokes: [] };
}

/** Put the pen down: a drawing with one more stroke, of one point. The old drawing stays as it is. */
export function begin(drawing, x, y, pressure = 1) {
  return { ...drawing, strokes: [...drawing.strokes, [point(x, y, pressure)]] };
}

/** Lead the pen on, in place; tells whether that made a difference. */
export function extend(drawing, x, y, pressure = 1) {
  const stroke = drawing.strokes.at(-1);
  const next = point(x, y, pressure);
  const [lastX, lastY] = stroke.at(-1);
  if (Math.hypot(next[0] - lastX, next[1] - lastY) < NEAREST) return false;
  stroke.push(next);
  return true;
}

function point(x, y, pressure) {
  const place = [rounded(clamp(x)), rounded(clamp(y))];
  return pressure === 1 ? place : [...place, rounded(pressure)];
}

function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

/**
 * Draw strokes as a picture, side × side bytes: 0 is paper, 255 ink.
 *
 * Between two neighbouring points the pen lays a segment with round ends. A pixel whose centre lies d from a segment of
 * radius r is as dark as clip(1/2 + r - d, 0, 1), and the darkest segment counts: kernels/rasterize.py in JavaScript.
 */
export function renderStrokes(drawing, side = SIDE) {
  const ink = new Float64Array(side * side);
  for (const stroke of drawing.strokes) {
    stroke.forEach((from, k) => {
      if (k + 1 < stroke.length || k === 0) segment(ink, side, from, stroke[k + 1] ?? from, drawing.width);
    });
  }
  return Uint8Array.from(ink, (darkness) => even(255 * darkness));
}

function segment(ink, side, from, to, width) {
  const [x, y, startPressure = 1] = from;
  const [endX, endY, endPressure = 1] = to;
  const [startX, startY] = [x * side, y * side];
  const [wayX, wayY] = [endX * side - startX, endY * side - startY];
  const length2 = Math.max(wayX * wayX + wayY * wayY, 1e-12); // two points in one place are a dot
  const start = (width * side * startPressure) / 2;
  const swelling = (width * side * endPressure) / 2 - start;
  const reach = Math.max(start, start + swelling) + 1;
  const [left, right] = range(startX, startX + wayX, reach, side);
  const [top, bottom] = range(startY, startY + wayY, reach, side);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const fromX = column + 0.5 - startX;
      const fromY = row + 0.5 - startY;
      const t = clamp((fromX * wayX + fromY * wayY) / length2);
      const acrossX = fromX - t * wayX;
      const acrossY = fromY - t * wayY;
      const distance = Math.sqrt(acrossX * acrossX + acrossY * acrossY);
      const darkness = clamp(0.5 + (start + t * swelling - distance));
      if (darkness > ink[row * side + column]) ink[row * side + column] = darkness;
    }
  }
}

function range(a, b, reach, side) {
  return [Math.max(0, Math.floor(Math.min(a, b) - reach)), Math.min(side, Math.ceil(Math.max(a, b) + reach))];
}

/** Round halves to even, as NumPy does. */
function even(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 ? whole - 1 : whole;
}
