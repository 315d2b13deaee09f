// The curves of the selected run, training and validation, or of several runs, one each.

import { Chart } from "handgrad/chart.js";
import { element } from "handgrad/elements.js";
import { curve, loss, percent, totalSteps } from "handgrad/train/format.js";
import { colourOf } from "handgrad/train/run_list.js";

const LOSS = { title: "Loss", format: loss, range: (_, highest) => [0, Math.max(0.01, highest) * 1.05] };
const ACCURACY = {
  title: "Accuracy (%)",
  format: (share) => percent(share).replace(" ", ""),
  tick: (share) => String(Number((100 * share).toFixed(2))),
  range: (lowest, highest) => [lowest > highest ? 0 : Math.floor(10 * Math.min(0.9, lowest)) / 10, 1],
};

/** Show the curves of the runs that are selected and ticked. */
export function curves(store) {
  const pointed = (x) => [losses, accuracies].forEach((chart) => void chart.point(x));
  const losses = new Chart({ ...LOSS, pointed });
  const accuracies = new Chart({ ...ACCURACY, pointed });

  function render(state) {
    const { runs, run, records } = state;
    const shown = runs.filter(({ name }) => colourOf(state, name) >= 0 && records[name]?.length);
    const total = Math.max(0, ...shown.map((each) => (each.state === "finished" ? 0 : totalSteps(each.training, records[each.name]))));
    const found = (keys) =>
      shown.flatMap(({ name }) => {
        const colour = colourOf(state, name);
        const [training, validation] = keys.map((key) => ({ colour, points: curve(records[name], key) }));
        const both = { ...training, label: shown.length > 1 ? `${name} train` : "train", dashed: true };
        const one = { ...validation, label: shown.length > 1 ? name : "valid." };
        if (shown.length === 1) return [one, both];
        return validation.points.length > 1 ? [one] : [both]; // one epoch has one validation
      });
    losses.update(found(["loss", "validation_loss"]), total);
    accuracies.update(found(["train_accuracy", "validation_accuracy"]), total);
    accuracies.element.hidden = records[run]?.[0]?.train_accuracy === null; // of a regression
  }

  store.subscribe(["runs", "run", "compared", "records"], render, "train");
  return element("div", { class: "charts" }, losses.element, accuracies.element);
}
