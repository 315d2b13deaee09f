// The Step by step section: one example through one training step, array by array, with the sum behind every number.

import { pixelsOf } from "handgrad/draw/draw.js";
import { sample } from "handgrad/draw/samples.js";
import { blank } from "handgrad/draw/strokes.js";
import { argmax, arrowTarget, button, eachFrame, element } from "handgrad/elements.js";
import { onScheme } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";
import { explain, updatedNetwork } from "handgrad/model/explanation.js";
import { size } from "handgrad/model/shapes.js";
import { Graph } from "handgrad/steps/graph.js";
import { Stage } from "handgrad/steps/stage.js";

const [DRAWING, TEST] = ["your drawing", "a test example"];
const OTHER_KEYS = "input, select, textarea, pre, [role=tab], [role=slider]"; // elements with arrow keys of their own

export function mount(section, store) {
  let explanation = null; // of the example
  let base = null; // the network in use
  let updated = null; // the same after updates
  let chosen = null; // the class to explain; null: that of the example, or the predicted one
  let tested = null; // a test example: {raw, label}

  const changed = eachFrame(compute);
  const graph = new Graph(open);
  const stage = new Stage(open);
  const example = element("select", { onchange: () => choose() });
  const at = element("input", { type: "number", min: 0, value: 0, "aria-label": "Number of the test example", onchange: () => choose() });
  const label = element("select", { onchange: () => ((chosen = Number(label.value)), changed()) });
  const rate = element("input", { type: "number", value: 0.1, min: 0, step: "any", onchange: changed });
  const loss = element("p", { class: "steps-loss", role: "status" });
  const apply = button("Apply the update", () => use(updatedNetwork(updated ?? base, explanation)));
  const reset = button("Reset", () => use(null), { class: "quiet" });
  const place = element("span", { class: "note steps-place" });
  stage.head.append(
    element(
      "div",
      { class: "row" },
      button("Back", () => walk(-1)),
      place,
      button("Next", () => walk(1)),
    ),
  );
  const field = (text, ...inputs) => element("label", { class: "row" }, text, ...inputs);
  const examples = field("Example", example, at);
  const bar = element("div", { class: "steps-bar row" }, examples, field("Class", label), field("Learning rate", rate), apply, reset, loss);
  const body = element("div", { class: "steps-body" }, bar, graph.element, stage.element);
  const empty = element(
    "p",
    { class: "hint" },
    "There is no network yet. Train one in the section ",
    element("a", { href: "#train" }, "Train"),
    ".",
  );
  section.append(body, empty);

  function use(network) {
    updated = network;
    changed();
  }

  /** Open a step, whose name comes into the address. */
  function open(name) {
    store.set({ part: name });
  }

  function walk(by) {
    const { steps } = explanation;
    open(steps[Math.min(steps.length - 1, Math.max(0, steps.indexOf(step()) + by))].name);
  }

  function step() {
    return explanation.steps.find(({ name }) => name === store.state.part) ?? explanation.steps[0];
  }

  async function choose() {
    tested = null;
    if (example.value === TEST) {
      const [data] = await store.backend.datasets();
      const { images, labels } = await store.backend.examples(data.name, "test", Number(at.value), 1);
      tested = { raw: images, label: labels[0] };
    }
    chosen = null;
    changed();
  }

  /** The example as the data have it, and its label, if it is known. */
  function currentExample(network) {
    const { pixels, raw } = store.state;
    if (!network.takesDrawings) return { raw: raw ?? Float32Array.from({ length: size(network.inputShape) }, (_, k) => mean(network, k)) };
    if (example.value === DRAWING) return { raw: pixels };
    if (example.value === TEST && tested) return tested;
    const digit = Number(example.value.at(-1)) || 0;
    return { raw: pixelsOf({ ...blank(), strokes: sample(digit) }, network.framing), label: network.classes.indexOf(String(digit)) };
  }

  function compute() {
    const { network: inUse, section: shown } = store.state;
    [body.hidden, empty.hidden] = [!inUse, Boolean(inUse)];
    if (!inUse || shown !== "steps") return;
    if (inUse !== base) [base, updated, chosen] = [inUse, null, null];
    const network = updated ?? base;
    const { raw, label: known = -1 } = currentExample(network);
    const predicted = network.task === "regression" ? 0 : argmax(network.predict(raw, 1));
    const explained = chosen ?? (known >= 0 ? known : predicted);
    label.replaceChildren(
      ...network.classes.map((name, k) =>
        element("option", { value: k, selected: k === explained }, k === predicted ? `${name} (predicted)` : name),
      ),
    );
    explanation = explain(network, raw, explained, Number(rate.value));
    graph.build(network, explanation.steps, options(network, explanation.steps));
    showLoss(network, raw, explained);
    render(false);
  }

  function showLoss(network, raw, explained) {
    const regression = network.task === "regression";
    examples.hidden = !network.takesDrawings;
    at.hidden = example.value !== TEST;
    apply.hidden = rate.parentElement.hidden = regression;
    reset.hidden = !updated;
    loss.hidden = regression;
    if (regression) return;
    const after = updatedNetwork(network, explanation).trainingStep(raw, explained).loss;
    loss.textContent = `loss ${number(explanation.arrays.loss.values[0], 3)} → ${number(after, 3)} after the update`;
  }

  /** Show the step that the address names. */
  function render(sweep) {
    if (!explanation || store.state.section !== "steps") return;
    const shown = step();
    const { steps } = explanation;
    const network = updated ?? base;
    const layer = network.layers[shown.place]?.type ?? shown.place[0].toUpperCase() + shown.place.slice(1);
    graph.select(shown.name, graph.element.contains(document.activeElement));
    place.textContent = `${steps.indexOf(shown) + 1} of ${steps.length}`;
    stage.show(shown, explanation, `${layer}, ${shown.direction}`, options(network, steps), sweep);
  }

  function onKey(event) {
    if (store.state.section !== "steps" || !explanation || event.ctrlKey || event.metaKey || event.altKey) return;
    const { steps } = explanation;
    const target = event.target.closest?.(OTHER_KEYS) ? undefined : arrowTarget(event, steps.indexOf(step()), steps.length);
    if (target === undefined) return;
    event.preventDefault();
    if (steps[target]) open(steps[target].name);
  }

  function offer({ pixels }) {
    const kept = example.value;
    const choices = [pixels && DRAWING, ...[..."0123456789"].map((digit) => `sample ${digit}`), store.backend?.examples && TEST];
    example.replaceChildren(...choices.filter(Boolean).map((text) => element("option", {}, text)));
    example.value = pixels ? DRAWING : kept || "sample 5";
    chosen = null;
  }

  document.addEventListener("keydown", onKey);
  onScheme(changed);
  store.subscribe(["pixels"], offer);
  store.subscribe(["section", "network", "pixels", "raw"], changed);
  store.subscribe(["part"], () => render(true));
}

/** How arrays of a network are shown: flat ones as images, drawings as ink, with the names of classes and columns. */
function options(network, steps) {
  const shapes = [network.exampleShape, ...network.layers.map(({ inputShape }) => inputShape)];
  const images = shapes
    .map((shape) => (shape.length === 2 ? [1, ...shape] : shape))
    .filter((shape) => shape.length === 3 && shape[1] * shape[2] > 1);
  const behind = steps.findLastIndex(({ direction, place }) => direction === "forward" && typeof place === "number");
  const outputs = new Set(
    steps
      .slice(behind)
      .filter(({ place }, k) => k === 0 || typeof place === "string")
      .map(({ name }) => name),
  );
  return (name) => ({
    images,
    ink: network.forBytes && images.length > 0 && /^(raw|x)$/.test(name),
    labels: outputs.has(name) ? network.classes : /^(raw|x|dx|shift|divisor)$/.test(name) ? network.features : [],
  });
}

/** The mean of an input over the training data, or 0. */
function mean({ scaling }, k) {
  return scaling ? scaling.shift[k % scaling.shift.length] : 0;
}
