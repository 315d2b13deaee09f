// A chart of curves over steps, as wide as its container: labels at the line ends, and values under a crosshair.

import { element } from "handgrad/elements.js";

const EDGE = { top: 10, bottom: 28, left: 46 };
const LINE = 16; // pixels per label
const COLOURS = 6; // --curve-0 … of style.css
const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * @typedef {{label: string, points: number[][], colour?: number, dashed?: boolean}} Curve
 *   points [x, y] from left to right; dashed e.g. for values of training data
 */

/** Create an SVG element. */
function svg(tag, settings = {}, ...children) {
  const created = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(settings)) if (value != null) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

export class Chart {
  /** @type {Curve[]} */
  #curves = [];
  #total = 1;
  #at = null; // x of the crosshair

  /**
   * @param {Object} settings
   * @param {string} settings.title  with the unit
   * @param {function(number): string} settings.format  writes a value
   * @param {function(number): string} [settings.tick]  writes a value at the axis
   * @param {function(number, number): number[]} [settings.range]  (lowest, highest value) -> [low, high] of the linear axis
   * @param {boolean} [settings.log]  whether the vertical axis is logarithmic; a button changes it
   * @param {string} [settings.unit]  of the horizontal axis
   * @param {number} [settings.height]  in pixels
   * @param {function(number|null): void} [settings.pointed]  called with the x of the crosshair that the user moves
   */
  constructor({
    title,
    format,
    tick = String,
    range = (low, high) => [low, high],
    log = false,
    unit = "steps",
    height = 260,
    pointed = () => {},
  }) {
    Object.assign(this, { title, format, tick, range, log, unit, height, pointed });
    this.drawing = svg("svg", { class: "chart-drawing", height, "aria-hidden": "true" });
    this.readout = element("p", { class: "chart-readout" });
    this.scale = element("button", { type: "button", class: "quiet chart-scale", onclick: () => this.setLog(!this.log) });
    this.plot = element(
      "div",
      {
        class: "chart-plot",
        tabindex: 0,
        role: "slider",
        "aria-label": `${title}: values by step`,
        onpointermove: (event) => this.#onPointer(event),
        onpointerdown: (event) => this.#onPointer(event),
        onpointerleave: (event) => event.pointerType === "mouse" && this.#move(null),
        onkeydown: (event) => this.#onKey(event),
        onblur: () => this.#move(null),
      },
      this.drawing,
    );
    this.element = element(
      "div",
      { class: "chart" },
      element("div", { class: "chart-head" }, element("h3", {}, title), this.scale),
      this.plot,
      this.readout,
    );
    new ResizeObserver(() => this.draw()).observe(this.plot);
    this.setLog(log);
  }

  setLog(log) {
    this.log = log;
    this.scale.textContent = log ? "log" : "linear";
    this.scale.setAttribute("aria-label", `Vertical axis of ${this.title}: ${log ? "logarithmic" : "linear"}`);
    this.draw();
  }

  /**
   * Show curves.
   * @param {Curve[]} curves
   * @param {number} total  the last x of the axis, at least
   */
  update(curves, total = 1) {
    this.#curves = curves;
    this.#total = Math.max(1, total, ...curves.map(({ points }) => points.at(-1)?.[0] ?? 0));
    this.draw();
  }

  /** Move the crosshair, e.g. to where it is in another chart; null: none. */
  point(x) {
    this.#at = x;
    this.draw();
  }

  draw() {
    const width = this.plot.clientWidth;
    if (!width) return; // hidden
    this.width = width;
    const values = this.#curves.flatMap(({ points }) => points.map(([, y]) => y)).filter((y) => !this.log || y > 0);
    const [lowest, highest] = values.reduce(([low, high], y) => [Math.min(low, y), Math.max(high, y)], [Infinity, -Infinity]);
    const [low, high] = this.log ? [lowest / 1.1, highest * 1.1] : this.range(lowest, highest);
    [this.low, this.high] =
      Number.isFinite(low) && high > low ? [low, high] : [this.log ? 0.1 : low === high ? low - 0.5 : 0, low === high ? high + 0.5 : 1];
    const ends = this.#curves
      .filter(({ points }) => points.length)
      .map((curve, k) => ({ curve, text: `${curve.label} ${this.format(curve.points.at(-1)[1])}`, k }));
    this.right = Math.min(width / 3, 18 + 7.2 * Math.max(6, ...ends.map(({ text }) => text.length)));
    this.drawing.setAttribute("width", width);
    this.drawing.replaceChildren(
      ...this.#axes(),
      ...this.#curves.map((curve, k) => this.#line(curve, k)),
      ...this.#labels(ends),
      ...this.#cross(),
    );
    this.#describe();
  }

  #x(step) {
    return EDGE.left + (step / this.#total) * (this.width - EDGE.left - this.right);
  }

  #y(value) {
    const place = this.log ? (y) => Math.log(Math.max(y, this.low)) : (y) => y;
    const share = (place(value) - place(this.low)) / (place(this.high) - place(this.low));
    return this.height - EDGE.bottom - share * (this.height - EDGE.bottom - EDGE.top);
  }

  #axes() {
    const [right, base] = [this.width - this.right, this.height - EDGE.bottom];
    const horizontal = (this.log ? powers : ticks)(this.low, this.high, 4).flatMap((value) => [
      svg("line", { class: "chart-grid", x1: EDGE.left, x2: right, y1: this.#y(value), y2: this.#y(value) }),
      svg("text", { class: "chart-tick", x: EDGE.left - 8, y: this.#y(value) + 4, "text-anchor": "end" }, this.tick(value)),
    ]);
    const text = (step) => svg("text", { class: "chart-tick", x: this.#x(step), y: base + 18, "text-anchor": "middle" }, short(step));
    const steps = ticks(0, this.#total, Math.max(2, Math.round(this.width / 160))).filter(Number.isInteger);
    return [
      ...horizontal,
      svg("line", { class: "chart-axis", x1: EDGE.left, x2: right, y1: base, y2: base }),
      ...steps.map(text),
      svg("text", { class: "chart-tick", x: right + 8, y: base + 18 }, this.unit),
    ];
  }

  #line({ points, colour, dashed }, k) {
    const shown = thinned(points.map(([x, y]) => [this.#x(x), this.#y(y)]));
    const settings = {
      class: `chart-line${dashed ? " dashed" : ""}`,
      points: shown.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
    };
    const line = svg("polyline", settings);
    const dots = shown.length > 40 ? shown.slice(-1) : shown;
    const group = svg("g", {}, line, ...dots.map(([x, y]) => svg("circle", { class: "chart-dot", cx: x, cy: y, r: dashed ? 1.5 : 2.5 })));
    group.style.color = `var(--curve-${(colour ?? k) % COLOURS})`;
    return group;
  }

  /** The newest values at the line ends, without overlap. */
  #labels(ends) {
    const placed = ends.map(({ curve, text, k }) => ({
      x: this.#x(curve.points.at(-1)[0]),
      y: this.#y(curve.points.at(-1)[1]),
      text,
      colour: curve.colour ?? k,
      dashed: curve.dashed,
    }));
    placed.sort((a, b) => a.y - b.y);
    placed.forEach((label, k) => (label.at = Math.max(label.y, k ? placed[k - 1].at + LINE : EDGE.top)));
    const over = Math.max(0, (placed.at(-1)?.at ?? 0) - (this.height - EDGE.bottom));
    return placed.map(({ x, at, text, colour, dashed }) => {
      const label = svg("text", { class: `chart-end${dashed ? " dashed" : ""}`, x: x + 8, y: at - over + 4 }, text);
      label.style.fill = `var(--curve-${colour % COLOURS})`;
      return label;
    });
  }

  #cross() {
    if (this.#at === null) return [];
    const x = this.#x(this.#at);
    const dots = this.#curves.map(({ points }) => nearest(points, this.#at)).filter(Boolean);
    const circles = dots.map(([at, y]) => svg("circle", { class: "chart-cross", cx: this.#x(at), cy: this.#y(y), r: 4.5 }));
    return [svg("line", { class: "chart-cross", x1: x, x2: x, y1: EDGE.top, y2: this.height - EDGE.bottom }), ...circles];
  }

  /** Write the values under the crosshair, or else the newest ones. */
  #describe() {
    const xs = this.#steps();
    const at = this.#at ?? xs.at(-1);
    const values = this.#curves
      .map(({ label, points }) => [label, at === undefined ? undefined : nearest(points, at)])
      .filter(([, point]) => point);
    const text = values.length
      ? [`step ${at.toLocaleString("en")}`, ...values.map(([label, [, y]]) => `${label} ${this.format(y)}`)].join(" · ")
      : "no values yet";
    this.readout.textContent = this.#at === null ? "" : text;
    this.plot.setAttribute("aria-valuemin", 1);
    this.plot.setAttribute("aria-valuemax", Math.max(1, xs.length));
    this.plot.setAttribute("aria-valuenow", Math.max(1, xs.indexOf(at) + 1));
    this.plot.setAttribute("aria-valuetext", text);
  }

  /** All x of the curves, ascending. */
  #steps() {
    return [...new Set(this.#curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  }

  #move(x) {
    if (x === this.#at) return;
    this.point(x);
    this.pointed(x);
  }

  #onPointer(event) {
    if (!this.width) return;
    const share = (event.clientX - this.plot.getBoundingClientRect().left - EDGE.left) / (this.width - EDGE.left - this.right);
    const found = nearest(
      this.#steps().map((x) => [x]),
      share * this.#total,
    );
    this.#move(found ? found[0] : null);
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
function nearest(points, x) {
  return points.reduce((best, point) => (best && Math.abs(best[0] - x) <= Math.abs(point[0] - x) ? best : point), undefined);
}

/** The lowest and the highest point of each pixel, of points from left to right. */
function thinned(points) {
  const columns = new Map();
  for (const point of points) {
    const { low, high } = columns.get(Math.round(point[0])) ?? { low: point, high: point };
    columns.set(Math.round(point[0]), { low: point[1] < low[1] ? point : low, high: point[1] > high[1] ? point : high });
  }
  return [...columns.values()].flatMap(({ low, high }) => (low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
}

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
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of [1, 2, 5]) found.push(Number((factor * 10 ** power).toPrecision(3)));
  }
  const inside = found.filter((value) => value >= low && value <= high);
  return inside.length > 7 ? inside.filter((value) => Number.isInteger(Math.log10(value))) : inside;
}

function short(step) {
  return step >= 10000 ? `${step / 1000}k` : String(step);
}
