// The effect of each column on the prediction, the largest first, as bars to the right and to the left.

import { barRow } from "handgrad/bars.js";
import { numberFormat } from "handgrad/draw/wording.js";
import { element } from "handgrad/elements.js";
import { largest } from "handgrad/images.js";

const MOST = 12; // columns that are shown

export function effectsView() {
  const [title, list, note] = [element("h2", {}, "Effects"), element("ul", { class: "sums" }), element("p", { class: "note" })];

  /**
   * @param network
   * @param {number} output  the class, label or target whose prediction changes
   * @param {{name: string, text: string, effect: number}[]} columns  none where there is no prediction
   */
  function update(network, output, columns) {
    const name = network.classes[output];
    const regression = network.task === "regression";
    title.textContent = `Effects on ${name}`;
    const write = numberFormat(regression ? (network.targetScaling?.divisor[output] ?? 1) : 10, "exceptZero");
    const most = largest(columns.map(({ effect }) => effect));
    const rows = columns
      .toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
      .slice(0, MOST)
      .map((column) => {
        const { item, show } = barRow();
        const number = write(regression ? column.effect : 100 * column.effect);
        show(column.name, column.text, column.effect / most, number, String(column.effect));
        return item;
      });
    list.replaceChildren(...rows);
    const unit = regression ? name : `the probability of ${name}, in percentage points`;
    const hidden = columns.length > MOST ? ` Of ${columns.length} columns, the ${MOST} with the largest effects are shown.` : "";
    note.textContent = `The change of ${unit}, against the mean of the training data in this column.${hidden}`;
  }
  return { element: element("div", { class: "effects" }, title, list, note), update };
}
