// Synthetic digits: a skeleton of each class with random errors, bent and slanted, drawn with a random pen, and framed as
// MNIST's digits are. The same distributions as data/strokes/generator.py, from other random numbers.

import { SKELETONS } from "handgrad/generated/skeletons.js";
import { BOX, centred, SIDE } from "handgrad/model/framing.js";
import { Memory } from "handgrad/model/kernels.js";
import { Random } from "handgrad/worker/random.js";

const POINTS = 64; // of a path
const BLOCK = 500; // digits that are drawn at a time

/**
 * Generate digits.
 * @returns {{inputs: Uint8Array, labels: Uint8Array}} images (count, 784), and classes (count)
 */
export function generate(count, seed) {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: count }, () => random.integer(10));
  const inputs = new Uint8Array(count * SIDE * SIDE);
  const memory = new Memory("f64");
  const start = memory.mark;
  for (let first = 0; first < count; first += BLOCK) {
    const digits = Array.from(labels.subarray(first, first + BLOCK), (label) => framed(distorted(traced(label, random), random), random));
    memory.release(start);
    const put = (name, Type) => memory.put(Type.from(digits.flatMap((digit) => digit[name])), Type);
    const arrays = [put("points", Float64Array), put("radii", Float64Array), put("down", Uint8Array), put("softness", Float64Array)];
    const drawn = memory.allocate(Uint8Array, digits.length * BOX * BOX);
    memory.call("draw_strokes", digits.length, POINTS, BOX, ...arrays, drawn);
    const images = memory.view(drawn, digits.length * BOX * BOX, Uint8Array);
    for (let k = 0; k < digits.length; k++) {
      inputs.set(centred(images.subarray(k * BOX * BOX, (k + 1) * BOX * BOX), BOX, BOX), (first + k) * SIDE * SIDE);
    }
  }
  return { inputs, labels };
}

/** The path of the pen: {xy: [x, y][64], down: whether the pen joins a point with the next}. */
export function traced(label, random) {
  const styles = SKELETONS[label];
  const shares = styles.reduce((sum, [share]) => sum + share, 0);
  const at = random.uniform(0, shares);
  let before = 0;
  const [, text] = styles.find(([share]) => {
    before += share;
    return at < before;
  });
  const pieces = piecesOf(text, 0.065 * Math.exp(random.normal(0, 0.3)), random);
  const lengths = pieces.map(({ controls }) => length(controls));
  const total = lengths.reduce((sum, each) => sum + each, 0);
  const [xy, down] = [[], []];
  let covered = 0;
  pieces.forEach(({ controls, lifted }, k) => {
    covered += lengths[k];
    const points = spline(controls, Math.round((covered / total) * POINTS) - xy.length);
    if (xy.length) down[xy.length - 1] = lifted ? 0 : 1;
    for (const point of points) down[xy.push(point) - 1] = 1;
  });
  return { xy, down: down.slice(0, POINTS - 1) };
}

/** The smooth parts of a skeleton, between corners and lifts of the pen, with displaced control points. */
function piecesOf(text, size, random) {
  const strokes = text.split("/").map((stroke) => stroke.trim().split(" "));
  const all = strokes.flat().map((word) => word.replace("!", "").split(",").map(Number));
  const middle = [0, 1].map((axis) => (Math.min(...all.map((point) => point[axis])) + Math.max(...all.map((point) => point[axis]))) / 2);
  const noise = Array.from({ length: all.length + 2 }, () => [random.normal(), random.normal()]);
  const displaced = all.map((point, k) =>
    [0, 1].map((axis) => {
      const error = noise[k][axis] + noise[k + 1][axis] + noise[k + 2][axis]; // neighbours are missed alike
      return (point[axis] - middle[axis]) / 50 + size * error;
    }),
  );
  const pieces = [];
  let first = 0;
  for (const stroke of strokes) {
    let start = 0;
    stroke.forEach((word, k) => {
      if (k === 0 || !(word.endsWith("!") || k === stroke.length - 1)) return;
      pieces.push({ controls: displaced.slice(first + start, first + k + 1), lifted: start === 0 });
      start = k;
    });
    first += stroke.length;
  }
  return pieces;
}

const length = (points) => points.slice(1).reduce((sum, [x, y], k) => sum + Math.hypot(x - points[k][0], y - points[k][1]), 0);

/** Evenly spaced points of a centripetal Catmull-Rom spline through control points. */
function spline(controls, count) {
  const last = controls.length - 1;
  const distances = controls.slice(1).map(([x, y], k) => Math.hypot(x - controls[k][0], y - controls[k][1]) || 1e-9);
  const steps = distances.map(Math.sqrt);
  const secant = (k, axis) => (controls[k + 1][axis] - controls[k][axis]) / steps[k];
  const inner = (k, axis) => (steps[k] * secant(k - 1, axis) + steps[k - 1] * secant(k, axis)) / (steps[k - 1] + steps[k]);
  const slope = (k, axis) => {
    if (last === 1) return secant(0, axis);
    if (k === 0) return (3 * secant(0, axis) - inner(1, axis)) / 2;
    return k === last ? (3 * secant(last - 1, axis) - inner(last - 1, axis)) / 2 : inner(k, axis);
  };
  const total = distances.reduce((sum, each) => sum + each, 0);
  let [piece, before] = [0, 0];
  return Array.from({ length: count }, (_, number) => {
    const along = (total * number) / Math.max(1, count - 1);
    while (piece < last - 1 && along > before + distances[piece]) before += distances[piece++];
    const t = Math.min(1, (along - before) / distances[piece]);
    const weights = [(1 + 2 * t) * (1 - t) ** 2, t ** 2 * (3 - 2 * t), t * (1 - t) ** 2 * steps[piece], t ** 2 * (t - 1) * steps[piece]];
    return [0, 1].map((axis) => {
      const values = [controls[piece][axis], controls[piece + 1][axis], slope(piece, axis), slope(piece + 1, axis)];
      return values.reduce((sum, value, k) => sum + weights[k] * value, 0);
    });
  });
}

/** Bend, narrow, slant and turn a digit of height 2. */
function distorted({ xy, down }, random) {
  const [breadth, taper, bow, waist, slant, turn] = Array.from({ length: 6 }, () => random.normal());
  const waves = [0, 1].map(() => [random.uniform(0, 2 * Math.PI), random.uniform(0, 2 * Math.PI), random.normal(0, 0.07)]);
  const [cos, sin] = [Math.cos(0.08 * turn), Math.sin(0.08 * turn)];
  const moved = xy.map(([x0, y0]) => {
    const middle = 1 - Math.min(1, Math.abs(y0)) ** 2; // 0 at top and bottom
    const x1 = x0 * (1 + 0.15 * taper * y0) + 0.1 * bow * middle;
    const y1 = y0 + 0.1 * waist * middle;
    const wave = ([angle, phase, size]) => size * Math.sin(2.5 * (Math.cos(angle) * x1 + Math.sin(angle) * y1) + phase);
    const [across, along] = waves.map(wave);
    const y = y1 + along;
    const x = (x1 + across) * Math.exp(0.2 * breadth) - (0.14 + 0.26 * slant) * y;
    return [cos * x - sin * y, sin * x + cos * y];
  });
  return { xy: moved, down };
}

/** Choose a pen, and scale the path so that the ink fills a box of 20 pixels. */
function framed({ xy, down }, random) {
  const side = Math.max(...[0, 1].map((axis) => Math.max(...xy.map((point) => point[axis])) - Math.min(...xy.map((point) => point[axis]))));
  const width = Math.min(5, Math.max(1.1, 2.55 * Math.exp(random.normal(0, 0.27))));
  const softness = random.uniform(0.6, 1.1);
  const [phase, cycles, swing] = [random.uniform(0, 2 * Math.PI), random.uniform(2, 8), 0.12 * random.normal()]; // of the pressure
  const unit = side / (BOX - width - softness); // about a pixel
  const radii = xy.map((_, k) => ((unit * width) / 2) * (1 + swing * Math.sin(phase + (cycles * k) / (POINTS - 1))));
  const reach = radii.map((radius) => radius + (unit * softness) / 2);
  const low = [0, 1].map((axis) => Math.min(...xy.map((point, k) => point[axis] - reach[k])));
  const high = [0, 1].map((axis) => Math.max(...xy.map((point, k) => point[axis] + reach[k])));
  const scale = BOX / Math.max(high[0] - low[0], high[1] - low[1]);
  const margin = [0, 1].map((axis) => Math.floor((BOX - (high[axis] - low[axis]) * scale) / 2 + 1e-9));
  const points = xy.flatMap((point) => [0, 1].map((axis) => (point[axis] - low[axis]) * scale + margin[axis]));
  return { points, radii: radii.map((radius) => radius * scale), down, softness: [softness * unit * scale] };
}
