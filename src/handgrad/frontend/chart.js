// A chart of curves over steps, as wide as its container: labels at the line ends, and values under a crosshair.

import { element } from "handgrad/elements.js";

const EDGE = { top: 10, bottom: 28, left: 46 };
const HEIGHT = 210;
const BASE = HEIGHT - EDGE.bottom; // y of the horizontal axis
const LINE = 16; // pixels per label
const short = new Intl.NumberFormat("en", { notation: "compact" });

/**
 * @typedef {{label: string, points: number[][], colour?: number, dashed?: boolean}} Curve
 *   points [x, y] from left to right; dashed e.g. for values of training data
 */

/** Create an SVG element, in the colour of a curve where it has one. */
function svg(tag, settings, ...children) {
  const created = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name === "colour") created.style.color = `var(--curve-${value})`;
    else created.setAttribute(name, value);
  }
  created.append(...children);
  return created;
}

export class Chart {
  /** @type {Curve[]} */
  #curves = [];
  #total = 1;
  #at = null; // x of the crosshair
  #log = false;
  #low = 0;
  #high = 1;
  #width = 0;
  #right = 0;

  /**
   * @param {any} settings  title, with the unit; format(value) and tick(value at the axis), which return texts;
   *   range(lowest, highest) of the linear axis; pointed(x), called with the x of the crosshair that the user moves, or null
   */
  constructor(settings) {
    this.settings = { tick: String, range: (low, high) => [low, high], ...settings };
    this.drawing = svg("svg", { class: "chart-drawing", height: HEIGHT, "aria-hidden": "true" });
    this.readout = element("p", { class: "chart-readout" });
    this.scale = element("button", { type: "button", class: "quiet chart-scale", onclick: () => this.setLog(!this.#log) });
    const roles = { class: "chart-plot", tabindex: 0, role: "slider", "aria-label": `${settings.title}: values by step` };
    this.plot = element("div", roles, this.drawing);
    for (const kind of ["pointermove", "pointerdown"]) this.plot.addEventListener(kind, (event) => this.#onPointer(event));
    this.plot.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && this.#move(null));
    this.plot.addEventListener("keydown", (event) => this.#onKey(event));
    this.plot.addEventListener("blur", () => this.#move(null));
    const head = element("div", { class: "chart-head" }, element("h3", {}, settings.title), this.scale);
    this.element = element("div", { class: "chart" }, head, this.plot, this.readout);
    new ResizeObserver(() => this.draw()).observe(this.plot);
    this.setLog(false);
  }

  setLog(log) {
    this.#log = log;
    this.scale.textContent = log ? "log" : "linear";
    this.scale.setAttribute("aria-label", `Vertical axis of ${this.settings.title}: ${log ? "logarithmic" : "linear"}`);
    this.draw();
  }

  /**
   * Show curves.
   * @param {Curve[]} curves
   * @param {number} total  the last x of the axis, at least
   */
  update(curves, total = 1) {
    this.#curves = curves.map((curve, k) => ({ colour: k, ...curve })).filter(({ points }) => points.length);
    this.#total = Math.max(1, total, ...this.#curves.map(({ points }) => points.at(-1)[0]));
    this.draw();
  }

  /** Show the crosshair, e.g. where it is in another chart; null: none. */
  point(x) {
    this.#at = x;
    this.draw();
  }

  draw() {
    this.#width = this.plot.clientWidth;
    if (!this.#width) return; // hidden
    const { range, format } = this.settings;
    let [lowest, highest] = [Infinity, -Infinity];
    for (const [, y] of this.#curves.flatMap(({ points }) => points))
      if (!this.#log || y > 0) [lowest, highest] = [Math.min(lowest, y), Math.max(highest, y)];
    const [low, high] = this.#log ? [lowest / 1.1, highest * 1.1] : range(lowest, highest);
    [this.#low, this.#high] = Number.isFinite(low + high) ? [low, high > low ? high : low + 1] : [0.1, 1];
    const labels = this.#curves.map(({ label, points }) => `${label} ${format(points.at(-1)[1])}`);
    this.#right = Math.min(this.#width / 3, Math.max(48, ...labels.map((label, k) => this.#beyond(label, this.#curves[k]))));
    this.drawing.setAttribute("width", this.#width);
    const lines = this.#curves.map((curve) => this.#line(curve));
    this.drawing.replaceChildren(...this.#axes(), ...lines, ...this.#ends(labels), ...this.#cross());
    this.#describe();
  }

  /** The space that a label at the end of a line needs beyond the axis. */
  #beyond({ length }, { points }) {
    const share = points.at(-1)[0] / this.#total;
    return share && (14 + 7.2 * length - (1 - share) * (this.#width - EDGE.left)) / share;
  }

  #x(step) {
    return EDGE.left + (step / this.#total) * (this.#width - EDGE.left - this.#right);
  }

  #y(value) {
    const place = this.#log ? (y) => Math.log(Math.max(y, this.#low)) : (y) => y;
    const share = (place(value) - place(this.#low)) / (place(this.#high) - place(this.#low));
    return BASE - share * (BASE - EDGE.top);
  }

  #axes() {
    const { tick } = this.settings;
    const [x1, x2] = [EDGE.left, this.#width - this.#right];
    const text = (x, y, anchor, words) => svg("text", { class: "chart-tick", x, y, "text-anchor": anchor }, words);
    const values = this.#log ? powers(this.#low, this.#high) : ticks(this.#low, this.#high, 4);
    const steps = ticks(0, this.#total, Math.max(2, Math.round(this.#width / 160))).filter(Number.isInteger);
    const level = (kind, y) => svg("line", { class: kind, x1, x2, y1: y, y2: y });
    return [
      ...values.flatMap((value) => [level("chart-grid", this.#y(value)), text(x1 - 8, this.#y(value) + 4, "end", tick(value))]),
      level("chart-axis", BASE),
      ...steps.map((step) => text(this.#x(step), BASE + 18, "middle", short.format(step))),
      text(x2 + 8, BASE + 18, "start", "steps"),
    ];
  }

  /** @param {Curve} curve */
  #line({ points, colour, dashed = false }) {
    const shown = points.map(([x, y]) => [this.#x(x).toFixed(1), this.#y(y).toFixed(1)]);
    const dots = shown.length > 40 ? shown.slice(-1) : shown;
    const line = svg("polyline", { class: `chart-line${dashed ? " dashed" : ""}`, points: shown.join(" ") });
    return svg("g", { colour }, line, ...dots.map(([cx, cy]) => svg("circle", { class: "chart-dot", cx, cy, r: dashed ? 1.5 : 2.5 })));
  }

  /** The newest values at the line ends, without overlap. */
  #ends(labels) {
    const placed = this.#curves.map(({ points, colour, dashed }, k) => {
      const [x, y] = points.at(-1);
      return { x: this.#x(x) + 8, y: this.#y(y), text: labels[k], colour, dashed };
    });
    placed.sort((a, b) => a.y - b.y);
    placed.forEach((label, k) => {
      label.y = Math.max(label.y, k ? placed[k - 1].y + LINE : EDGE.top);
    });
    const over = Math.max(0, (placed.at(-1)?.y ?? 0) - (BASE - 6));
    return placed.map(({ x, y, text, colour, dashed }) =>
      svg("text", { class: `chart-end${dashed ? " dashed" : ""}`, x, y: y - over + 4, colour }, text),
    );
  }

  #cross() {
    if (this.#at === null) return [];
    const x = this.#x(this.#at);
    const dots = this.#curves.map(({ points }) => nearest(points, this.#at));
    const circles = dots.map(([at, y]) => svg("circle", { class: "chart-cross", cx: this.#x(at), cy: this.#y(y), r: 4.5 }));
    return [svg("line", { class: "chart-cross", x1: x, x2: x, y1: EDGE.top, y2: BASE }), ...circles];
  }

  /** Write the values under the crosshair, and for screen readers otherwise the newest ones. */
  #describe() {
    const xs = this.#steps();
    const at = this.#at ?? xs.at(-1);
    const values = this.#curves.map(({ label, points }) => `${label} ${this.settings.format(nearest(points, at)[1])}`);
    const text = values.length ? [`step ${at.toLocaleString("en")}`, ...values].join(" · ") : "no values yet";
    this.readout.textContent = this.#at === null ? "" : text;
    const states = { valuemin: 1, valuemax: Math.max(1, xs.length), valuenow: Math.max(1, xs.indexOf(at) + 1), valuetext: text };
    for (const [name, value] of Object.entries(states)) this.plot.setAttribute(`aria-${name}`, value);
  }

  /** All x of the curves, ascending. */
  #steps() {
    return [...new Set(this.#curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  }

  #move(x) {
    if (x === this.#at) return;
    this.point(x);
    this.settings.pointed?.(x);
  }

  #onPointer(event) {
    const along = event.clientX - this.plot.getBoundingClientRect().left - EDGE.left;
    const steps = this.#steps().map((x) => [x]);
    if (steps.length) this.#move(nearest(steps, (along / (this.#width - EDGE.left - this.#right)) * this.#total)[0]);
  }

  #onKey(event) {
    const xs = this.#steps();
    const at = this.#at === null ? xs.length : xs.indexOf(this.#at);
    const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: xs.length - 1, Escape: null }[event.key];
    if (target === undefined || !xs.length) return;
    event.preventDefault();
    this.#move(target === null ? null : xs[Math.min(xs.length - 1, Math.max(0, target))]);
  }
}

/** The point nearest to x. */
const nearest = (points, x) => points.reduce((best, point) => (Math.abs(best[0] - x) <= Math.abs(point[0] - x) ? best : point));

/** Round numbers from low to high, about `count`. */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** 1, 2 and 5 times powers of ten between low and high, or only the powers where there are many. */
function powers(low, high) {
  const first = Math.floor(Math.log10(low));
  const exponents = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, k) => first + k);
  const found = exponents.flatMap((exponent) => (high / low > 100 ? [1] : [1, 2, 5]).map((factor) => Number(`${factor}e${exponent}`)));
  return found.filter((value) => value >= low && value <= high);
}
