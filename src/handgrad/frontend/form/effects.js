// The effect of each column on the prediction, the largest first, as bars to the right and to the left.

import { numberFormat } from "handgrad/draw/wording.js";
import { element } from "handgrad/elements.js";

const MOST = 12; // columns that are shown

export class Effects {
  constructor() {
    this.title = element("h2", {}, "Effects");
    this.list = element("ul", { class: "sums" });
    this.note = element("p", { class: "note" });
    this.element = element("div", { class: "effects" }, this.title, this.list, this.note);
  }

  /**
   * Show effects; null: there is no prediction.
   * @param network
   * @param {number} output  the class, label or target whose prediction changes
   * @param {{name: string, text: string, effect: number}[]} columns
   */
  update(network, output, columns) {
    const name = network.classes[output];
    const regression = network.task === "regression";
    this.title.textContent = `Effects on ${name}`;
    const write = numberFormat(regression ? (network.targetScaling?.divisor[output] ?? 1) : 10, "exceptZero");
    const order = [...(columns ?? [])].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    const most = Math.max(Math.abs(order[0]?.effect ?? 0), 1e-12);
    this.list.replaceChildren(
      ...order.slice(0, MOST).map((column) => effectRow(column, most, regression ? column.effect : 100 * column.effect, write)),
    );
    const unit = regression ? name : `the probability of ${name}, in percentage points`;
    const hidden = order.length > MOST ? ` Of ${order.length} columns, the ${MOST} with the largest effects are shown.` : "";
    this.note.textContent = `The change of ${unit}, against the mean of the training data in this column.${hidden}`;
  }
}

function effectRow({ name, text, effect }, most, shown, write) {
  const positive = effect >= 0;
  const bar = element("span", {
    class: positive ? "sum-positive" : "sum-negative",
    style: `transform: scaleX(${Math.abs(effect) / most})`,
  });
  return element(
    "li",
    { class: "sum" },
    element("span", { class: "effect-name" }, element("b", {}, name), ` ${text}`),
    element("span", { class: "sum-track", "aria-hidden": "true" }, bar),
    element("span", { class: "sum-number", title: effect }, write(shown)),
  );
}
