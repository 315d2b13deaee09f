// The pixels that speak for and against a class: its logit's gradient with respect to them, times their ink and alone.

import { element } from "handgrad/elements.js";
import { largest, picture, SCALE, sharp, signed } from "handgrad/draw/shades.js";

const SIDE = 28;

export class Evidence {
  constructor() {
    this.ink = view("What the ink adds or takes", "Each pixel's ink times its gradient.");
    this.more = view("Where more ink would help or harm", "The gradient alone.");
    this.title = element("h2", {}, "For and against");
    new ResizeObserver(() => this.update(...this.#shown)).observe(this.ink.place);
    const legend = element(
      "p",
      { class: "legend note" },
      "against",
      element("span", { class: "legend-scale", style: `background: linear-gradient(to right, ${SCALE.join(", ")})` }),
      "for",
    );
    this.element = element(
      "section",
      { class: "panel weighs", "aria-label": "For and against" },
      element("div", { class: "stage-head" }, this.title, legend),
      element("div", { class: "evidence-pair" }, this.ink.figure, this.more.figure),
      element("p", { class: "note" }, "Press a class's bar to see what speaks for that class instead."),
    );
  }

  #shown = [null, null, ""];

  /**
   * @param pixels    what the network receives, or null
   * @param gradient  of the class's logit with respect to the scaled pixels, or null
   */
  update(pixels, gradient, name) {
    this.#shown = [pixels, gradient, name];
    const digit = gradient ? pixels : null;
    const nothing = new Float32Array(SIDE * SIDE);
    this.title.textContent = gradient ? `For and against ${name}` : "For and against";
    show(this.ink, digit, gradient ? gradient.map((slope, k) => slope * pixels[k]) : nothing, name);
    show(this.more, digit, gradient ?? nothing, name);
  }
}

function view(title, how) {
  const canvas = element("canvas", { class: "evidence-canvas", role: "img" });
  const place = element("div", { class: "evidence" }, canvas);
  const caption = element("figcaption", {}, element("b", {}, title), element("br"), how);
  return { canvas, place, title, figure: element("figure", {}, place, caption) };
}

function show({ canvas, place, title }, pixels, values, name) {
  const side = place.clientWidth;
  if (!side) return; // not shown
  const context = sharp(canvas, side, side);
  canvas.style.width = canvas.style.height = ""; // the style sheet's, so that it never holds its place open
  const most = largest(values);
  context.drawImage(picture(SIDE, SIDE, (k) => signed(values[k] / most)), 0, 0, side, side);
  if (pixels) outline(context, pixels, side / SIDE);
  canvas.setAttribute("aria-label", `${title}: ${pixels ? inWords(values, name) : "nothing is drawn yet"}`);
}

function inWords(values, name) {
  const sides = { upper: [0, 14], lower: [14, 28] };
  const told = Object.entries(sides).map(([side, [from, to]]) => {
    const sum = values.slice(from * SIDE, to * SIDE).reduce((all, value) => all + value, 0);
    return `the ${side} half speaks ${sum > 0 ? "for" : "against"} ${name}`;
  });
  return told.join(", ");
}

/** The edge of the ink, so that one sees where the digit is. */
function outline(context, pixels, cell) {
  const ink = (row, column) => row >= 0 && row < SIDE && column >= 0 && column < SIDE && pixels[row * SIDE + column] > 127;
  context.beginPath();
  for (let row = 0; row <= SIDE; row++) {
    for (let column = 0; column <= SIDE; column++) {
      if (ink(row, column) !== ink(row - 1, column)) {
        context.moveTo(column * cell, row * cell);
        context.lineTo((column + 1) * cell, row * cell);
      }
      if (ink(row, column) !== ink(row, column - 1)) {
        context.moveTo(column * cell, row * cell);
        context.lineTo(column * cell, (row + 1) * cell);
      }
    }
  }
  context.strokeStyle = "rgb(0 0 0 / 65%)";
  context.lineWidth = 1;
  context.stroke();
}
