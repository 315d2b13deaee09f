// The pixels that speak for and against a class: its logit's gradient with respect to them, times their ink or alone.

import { element } from "handgrad/elements.js";
import { largest, picture, sharp, signed } from "handgrad/draw/shades.js";

const SIDE = 28;
const VIEWS = {
  ink: {
    name: "the ink",
    title: "Each pixel's ink times its gradient: what the ink that is there adds to the class, or takes from it.",
  },
  more: {
    name: "more ink",
    title: "The gradient alone: where a little more ink would help the class, and where it would harm it.",
  },
};

export class Evidence {
  #view = "ink";

  /** @param changed  called when another view was chosen. */
  constructor(changed) {
    this.canvas = element("canvas", { class: "evidence-canvas", role: "img" });
    this.title = element("h2", {}, "For and against");
    this.note = element("p", { class: "note evidence-note" });
    this.buttons = Object.entries(VIEWS).map(([name, { name: text, title }]) =>
      element("button", { type: "button", title, onclick: () => this.#choose(name, changed) }, text),
    );
    this.choice = element("div", { class: "row switch", role: "group", "aria-label": "What to weigh" }, ...this.buttons);
    this.#choose("ink", () => {});
  }

  #choose(view, changed) {
    this.#view = view;
    this.buttons.forEach((button, k) => button.setAttribute("aria-pressed", Object.keys(VIEWS)[k] === view));
    this.note.textContent = VIEWS[view].title;
    changed();
  }

  /**
   * @param pixels    what the network receives, or null
   * @param gradient  of the class's logit with respect to the scaled pixels, or null
   */
  update(pixels, gradient, name) {
    const side = this.canvas.parentElement?.clientWidth;
    if (!side) return;
    const context = sharp(this.canvas, side, side);
    this.title.textContent = pixels ? `For and against ${name}` : "For and against";
    this.canvas.setAttribute("aria-label", describe(pixels, gradient, name, this.#view));
    const values = weigh(pixels, gradient, this.#view);
    const most = largest(values);
    context.drawImage(picture(SIDE, SIDE, (k) => signed(values[k] / most)), 0, 0, side, side);
    if (pixels) outline(context, pixels, side / SIDE);
  }
}

function weigh(pixels, gradient, view) {
  if (!gradient) return new Float32Array(SIDE * SIDE);
  return view === "more" ? gradient : gradient.map((slope, k) => slope * pixels[k]);
}

function describe(pixels, gradient, name, view) {
  if (!gradient) return "Nothing is drawn yet";
  const values = weigh(pixels, gradient, view);
  const half = (from, to) => values.slice(from * SIDE, to * SIDE).reduce((sum, value) => sum + value, 0);
  const [upper, lower] = [half(0, 14), half(14, 28)].map((sum) => (sum > 0 ? "for" : "against"));
  return `What speaks for and against ${name}: the upper half speaks ${upper} it on the whole, the lower half ${lower} it`;
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
  context.strokeStyle = "rgb(0 0 0 / 60%)";
  context.lineWidth = 1;
  context.stroke();
}
