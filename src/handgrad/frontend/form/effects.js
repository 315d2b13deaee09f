// The effect of each column on the prediction, the largest first, as bars to the right and to the left.

import { barRow } from "handgrad/draw/slots.js";
import { numberFormat } from "handgrad/draw/wording.js";
import { element } from "handgrad/elements.js";
import { largest } from "handgrad/images.js";

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
   * @param {{name: string, text: string, effect: number}[]|null} columns
   */
  update(network, output, columns) {
    const name = network.classes[output];
    const regression = network.task === "regression";
    this.title.textContent = `Effects on ${name}`;
    const write = numberFormat(regression ? (network.targetScaling?.divisor[output] ?? 1) : 10, "exceptZero");
    const order = [...(columns ?? [])].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    const most = largest(order.map(({ effect }) => effect));
    const rows = order.slice(0, MOST).map((column) => {
      const { item, show } = barRow();
      show(column.name, column.text, column.effect / most, write(regression ? column.effect : 100 * column.effect), column.effect);
      return item;
    });
    this.list.replaceChildren(...rows);
    const unit = regression ? name : `the probability of ${name}, in percentage points`;
    const hidden = order.length > MOST ? ` Of ${order.length} columns, the ${MOST} with the largest effects are shown.` : "";
    this.note.textContent = `The change of ${unit}, against the mean of the training data in this column.${hidden}`;
  }
}
