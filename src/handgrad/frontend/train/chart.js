// A chart of a run: training (dashed) and validation (with dots) over the steps, each with its newest value.

import { element } from "handgrad/elements.js";
import { Records } from "handgrad/train/records.js";

const HEIGHT = 304;
const EDGE = { top: 12, right: 112, bottom: 34, left: 50 };
const LINE = 15; // pixels per label
const NAMESPACE = "http://www.w3.org/2000/svg";

/** Create an SVG element. */
function svg(tag, settings = {}, ...children) {
  const created = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(settings)) if (value != null) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

export class Chart {
  #records = new Records();
  #total = 1;
  #marked = null;

  /**
   * @param title   with the unit
   * @param keys    of a record: [training, validation]
   * @param format  function (value, whether it is a tick) -> text
   * @param range   function (lowest, highest value) -> [low, high] of the vertical axis; Infinity, -Infinity without values
   * @param pointed called with the index of the record under the pointer, or null
   */
  constructor({ title, keys, format, range, pointed }) {
    Object.assign(this, { title, keys, format, range, pointed });
    this.drawing = svg("svg", { class: "chart-drawing", height: HEIGHT, "aria-hidden": "true" });
    this.plot = element(
      "div",
      {
        class: "chart-plot",
        tabindex: 0,
        role: "slider",
        "aria-label": `${title}: select a record`,
        "aria-valuemin": 1,
        "aria-valuemax": 1,
        "aria-valuenow": 1,
        onpointermove: (event) => this.#onPoint(event),
        onpointerdown: (event) => this.#onPoint(event),
        onpointerleave: (event) => event.pointerType === "mouse" && this.pointed(null),
        onkeydown: (event) => this.#onKey(event),
        onblur: () => this.pointed(null),
      },
      this.drawing,
    );
    this.element = element("div", { class: "chart" }, element("h3", {}, title), this.plot);
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  /**
   * Show records.
   * @param {Records} records
   * @param total   the last step of the run, as far as known
   * @param index   of the record under the pointer; null: none
   * @param text    its description for screen readers
   */
  update(records, total, index, text) {
    this.#records = records;
    this.#total = Math.max(1, total, records.last?.step ?? 0);
    this.#marked = index;
    const at = index ?? records.length - 1;
    this.plot.setAttribute("aria-valuemax", Math.max(1, records.length));
    this.plot.setAttribute("aria-valuenow", Math.max(1, at + 1));
    this.plot.setAttribute("aria-valuetext", text);
    this.draw();
  }

  draw() {
    const width = this.plot.clientWidth;
    if (!width) return;
    this.width = width;
    const curves = this.keys.map((key) => this.#records.curve(key));
    const values = curves.flatMap((curve) => curve.map(([, value]) => value));
    const extremes = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    [this.low, this.high] = this.range(...extremes);
    this.drawing.setAttribute("width", width);
    this.drawing.replaceChildren(...this.#axes(), ...this.#lines(curves), ...this.#cross());
  }

  #x(step) {
    return EDGE.left + (step / this.#total) * (this.width - EDGE.left - EDGE.right);
  }

  #y(value) {
    const share = (value - this.low) / (this.high - this.low);
    return HEIGHT - EDGE.bottom - share * (HEIGHT - EDGE.bottom - EDGE.top);
  }

  #axes() {
    const right = this.width - EDGE.right;
    const parts = ticks(this.low, this.high, 4).flatMap((value) => [
      svg("line", { class: "chart-grid", x1: EDGE.left, x2: right, y1: this.#y(value), y2: this.#y(value) }),
      svg("text", { class: "chart-tick", x: EDGE.left - 8, y: this.#y(value) + 4, "text-anchor": "end" }, this.format(value, true)),
    ]);
    const base = HEIGHT - EDGE.bottom;
    const steps = ticks(0, this.#total, 3).filter(Number.isInteger);
    parts.push(svg("line", { class: "chart-axis", x1: EDGE.left, x2: right, y1: base, y2: base }));
    steps.forEach((step) => parts.push(svg("text", { class: "chart-tick", x: this.#x(step), y: base + 16, "text-anchor": "middle" }, short(step))));
    parts.push(svg("text", { class: "chart-tick", x: right + 8, y: base + 16 }, "steps"));
    return parts;
  }

  #lines(curves) {
    const ends = [];
    const parts = [];
    curves.forEach((curve, which) => {
      const points = curve.map(([step, value]) => [this.#x(step), this.#y(value), value]);
      if (!points.length) return;
      const kind = which ? "validation" : "training";
      const line = thinned(points).map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
      parts.push(svg("polyline", { class: `chart-line ${kind}`, points: line.join(" ") }));
      const dotted = which && points.length <= 40 ? points : points.slice(-1);
      dotted.forEach(([x, y]) => parts.push(svg("circle", { class: `chart-dot ${kind}`, cx: x, cy: y, r: which ? 3 : 2.5 })));
      const [x, y, value] = points.at(-1);
      ends.push({ x, y, text: `${which ? "valid." : "train"} ${this.format(value)}`, kind });
    });
    return [...parts, ...this.#labels(ends)];
  }

  /** The newest values, without overlap. */
  #labels(ends) {
    ends.sort((a, b) => a.y - b.y);
    ends.forEach((end, k) => (end.at = Math.max(end.y, k ? ends[k - 1].at + LINE : EDGE.top)));
    const over = Math.max(0, (ends.at(-1)?.at ?? 0) - (HEIGHT - EDGE.bottom - 2));
    return ends.map(({ x, at, text, kind }) => svg("text", { class: `chart-end ${kind}`, x: x + 8, y: at - over + 4 }, text));
  }

  #cross() {
    const record = this.#records.at(this.#marked ?? -1);
    if (!record) return [];
    const x = this.#x(record.step);
    const dots = this.keys.filter((key) => record[key] !== null).map((key) => svg("circle", { class: "chart-cross", cx: x, cy: this.#y(record[key]), r: 5 }));
    return [svg("line", { class: "chart-cross", x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }), ...dots];
  }

  #onPoint(event) {
    if (!this.#records.length || !this.width) return;
    const x = event.clientX - this.plot.getBoundingClientRect().left;
    const share = (x - EDGE.left) / (this.width - EDGE.left - EDGE.right);
    this.pointed(this.#records.nearest(share * this.#total));
  }

  #onKey(event) {
    const last = this.#records.length - 1;
    const at = this.#marked ?? last;
    const target = { ArrowLeft: at - (this.#marked === null ? 0 : 1), ArrowRight: at + 1, Home: 0, End: last, Escape: null }[event.key];
    if (target === undefined || last < 0) return;
    event.preventDefault();
    this.pointed(target === null ? null : Math.min(last, Math.max(0, target)));
  }
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

function short(step) {
  return step >= 10000 ? `${step / 1000}k` : String(step);
}
