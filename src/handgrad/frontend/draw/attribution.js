// Which pixels contribute to a class's logit: its gradient with respect to the input, times the input and alone.

import { image, largest, sharp, signed } from "handgrad/images.js";
import { element, panel } from "handgrad/elements.js";

const SIDE = 28;
const TITLE = "Attribution (gradient × input)";

export class Attribution {
  #last = [null, null, ""];

  constructor() {
    this.product = view("Gradient × input", "Each pixel's contribution to the logit, to first order.");
    this.gradient = view("Gradient", "How the logit changes with more ink.");
    this.title = element("h2", {}, TITLE);
    new ResizeObserver(() => this.update(...this.#last)).observe(this.product.frame);
    const scale = element("span", { class: "scale" });
    this.element = panel(
      "attributions",
      "Attribution",
      element("div", { class: "stage-head" }, this.title, element("p", { class: "legend note" }, "negative", scale, "positive")),
      element("div", { class: "attribution-pair" }, this.product.figure, this.gradient.figure),
      element("p", { class: "note" }, "Select another class by its bar."),
    );
  }

  /**
   * @param pixels    the network's input, or null
   * @param gradient  of the class's logit with respect to the scaled pixels, or null
   */
  update(pixels, gradient, name) {
    this.#last = [pixels, gradient, name];
    this.title.textContent = gradient ? `${TITLE} for ${name}` : TITLE;
    const none = new Float32Array(SIDE * SIDE);
    show(this.product, gradient && pixels, gradient ? gradient.map((slope, k) => slope * pixels[k]) : none, name);
    show(this.gradient, gradient && pixels, gradient ?? none, name);
  }
}

function view(title, note) {
  const canvas = element("canvas", { class: "attribution-canvas", role: "img" });
  const frame = element("div", { class: "attribution" }, canvas);
  return {
    canvas,
    frame,
    title,
    figure: element("figure", {}, frame, element("figcaption", {}, element("b", {}, title), element("br"), note)),
  };
}

function show({ canvas, frame, title }, pixels, values, name) {
  const side = frame.clientWidth;
  if (!side) return; // hidden
  const context = sharp(canvas, side, side);
  canvas.style.width = canvas.style.height = ""; // set by the style sheet, so that the frame can shrink
  const most = largest(values);
  context.drawImage(
    image(SIDE, SIDE, (k) => signed(values[k] / most)),
    0,
    0,
    side,
    side,
  );
  if (pixels) drawOutline(context, pixels, side / SIDE);
  canvas.setAttribute("aria-label", `${title} ${pixels ? `for ${name}` : "without an input"}`);
}

/** Draw the outline of the ink. */
function drawOutline(context, pixels, cell) {
  const ink = (row, column) => row >= 0 && row < SIDE && column >= 0 && column < SIDE && pixels[row * SIDE + column] > 127;
  const line = (x, y, toX, toY) => (context.moveTo(x * cell, y * cell), context.lineTo(toX * cell, toY * cell));
  context.beginPath();
  for (let row = 0; row <= SIDE; row++) {
    for (let column = 0; column <= SIDE; column++) {
      if (ink(row, column) !== ink(row - 1, column)) line(column, row, column + 1, row);
      if (ink(row, column) !== ink(row, column - 1)) line(column, row, column, row + 1);
    }
  }
  context.strokeStyle = "rgb(0 0 0 / 65%)";
  context.lineWidth = 1;
  context.stroke();
}
