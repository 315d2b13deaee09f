// The Step by step section: one example through one training step, array by array, with the sum behind every number.

import { sample } from "handgrad/draw/samples.js";
import { pixelsOf } from "handgrad/draw/strokes.js";
import { argmax, arrowTarget, button, element } from "handgrad/elements.js";
import { onScheme } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";
import { codeOf, explain, trace } from "handgrad/model/explanation.js";
import { size } from "handgrad/model/shapes.js";
import { Graph } from "handgrad/steps/graph.js";
import { Stage } from "handgrad/steps/stage.js";

const DIRECTIONS = { forward: "forward", backward: "backward", update: "update" };

export function mount(section, store) {
  let explanation = null; // of the example; null: to be computed
  let current = null; // its step that is shown
  let updated = null; // the network after updates, or null
  let updates = 0;
  let chosen = null; // the class to explain; null: the predicted one

  const graph = new Graph((name) => go(name, true));
  const stage = new Stage((name) => go(name));
  const example = element("select", { "aria-label": "Example", onchange: () => changed() });
  const label = element("select", { "aria-label": "Class", onchange: () => ((chosen = Number(label.value)), changed()) });
  const rate = element("input", { type: "number", value: "0.1", min: "0", step: "any", "aria-label": "Learning rate", onchange: () => changed() });
  const outcome = element("p", { class: "steps-outcome" });
  const apply = button("Apply the update", () => update());
  const reset = button("Reset", () => ((updated = null), (updates = 0), changed()), { class: "quiet" });
  const place = element("span", { class: "note" });
  const back = button("‹", () => walk(-1), { "aria-label": "Step back", class: "quiet" });
  const next = button("›", () => walk(1), { "aria-label": "Step forward", class: "quiet" });
  const bar = element(
    "div",
    { class: "steps-bar row" },
    element("label", {}, "Example ", example),
    element("label", {}, "Class ", label),
    element("label", {}, "Learning rate ", rate),
    outcome,
    apply,
    reset,
  );
  const walker = element("div", { class: "row" }, back, place, next);
  const body = element("div", { class: "steps-body" }, bar, graph.element, stage.element);
  const empty = element("p", { class: "hint" }, "There is no network yet.");
  stage.head.append(walker);
  section.append(body, empty);
