// The Step by step section: one example through one training step, array by array, with the sum behind every number.

import { sample } from "handgrad/draw/samples.js";
import { blank, pixelsOf } from "handgrad/draw/strokes.js";
import { argmax, arrowTarget, button, element } from "handgrad/elements.js";
import { columnsOf, rawInputs } from "handgrad/form/columns.js";
import { onScheme } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";
import { explain } from "handgrad/model/explanation.js";
import { Graph, placeName } from "handgrad/steps/graph.js";
import { Stage } from "handgrad/steps/stage.js";

const LABELS = { classification: "Class", multilabel: "Label", regression: "Target" };
const DRAWING = "your drawing";
const TEST = "test: "; // before the name of data
const OTHER_KEYS = "input, select, textarea, [role=slider], .step-array"; // elements that take arrow keys

export function mount(section, store) {
  let explanation = null; // of the example
  let base = null; // the network in use
  let network = null; // the same after updates
  let chosen = -1; // the class to explain; −1: that of the example, or the predicted one
  let tested = null; // a test example: {raw, label}
  let strokes = sample("5"); // of the chosen sample
  let tests = []; // data with test examples
  let latest = ""; // the step that was shown last

  const open = (name) => store.set({ part: name });
  const changed = () => store.set({ explained: Symbol() }); // computed in the next frame
  const graph = new Graph(open);
  const stage = new Stage(open, (name) => explanation.steps.some((each) => each.name === name));
  const example = element("select", { "aria-label": "Example", onchange: choose });
  const at = element("input", { type: "number", min: 0, value: 0, "aria-label": "Number of the test example", oninput: choose });
  const label = element("select", { onchange: () => explainClass(Number(label.value)) });
  const rate = element("input", { type: "number", value: 0.1, min: 0, step: "any", oninput: changed });
  const loss = element("span", { class: "note", role: "status" });
  const apply = button("Apply the update", () => use(network.withParameters(explanation.updated)));
  const reset = button("Reset", () => use(base), { class: "quiet" });
  const place = element("span", { class: "note" });
  const field = (text, ...inputs) => element("label", { class: "row" }, text, ...inputs);
  const [examples, classes, rates] = [field("Example", example, at), field("Class", label), field("Learning rate", rate)];
  const bar = element("div", { class: "steps-bar row" }, examples, classes, rates, apply, reset, loss);
  const train = element("a", { href: "#train" }, "Train");
  const empty = element("p", { class: "hint" }, "There is no network yet. Train one in the section ", train, ".");
  const body = element("div", { class: "steps-body" }, bar, graph.element, stage.element);
  const [back, next] = [button("Back", () => walk(-1)), button("Next", () => walk(1))];
  stage.head.append(element("div", { class: "row" }, back, place, next));
  section.append(body, empty);

  /** The index of the step that the address names. */
  function position() {
    const wanted = store.state.part ?? latest;
    const found = explanation.steps.findIndex(({ name }) => name === wanted);
    return Math.max(0, found);
  }

  function walk(by) {
    open((explanation.steps[position() + by] ?? explanation.steps[position()]).name);
  }

  function explainClass(index) {
    chosen = index;
    changed();
  }

  function use(changedNetwork) {
    network = changedNetwork;
    changed();
  }

  async function choose() {
    const data = example.value.startsWith(TEST) && example.value.slice(TEST.length);
    tested = data ? await testExample(data, Number(at.value)).catch(({ message }) => store.set({ status: message })) : null;
    strokes = sample(sampled());
    explainClass(-1);
  }

  /** The digit of the chosen sample. */
  const sampled = () => example.value.match(/^sample (\d)/)?.[1] ?? "5";

  async function testExample(data, index) {
    const { images, labels, total } = await store.backend.examples(data, "test", index, 1);
    if (!images.length) throw new Error(`${data} has ${total} test examples, from 0`);
    return { raw: images, label: network.classes.indexOf(String(labels[0])) };
  }

  /** The example as the data have it, and its label, if it is known. */
  function currentExample() {
    const { pixels, values } = store.state;
    if (!network.takesDrawings) return { raw: tableExample(network, values) };
    if (example.value === DRAWING && pixels) return { raw: pixels };
    if (tested) return tested;
    return { raw: pixelsOf({ ...blank(), strokes }, network.framing), label: network.classes.indexOf(sampled()) };
  }

  function compute() {
    const { network: inUse } = store.state;
    [body.hidden, empty.hidden] = [!inUse, Boolean(inUse)];
    if (!inUse) return;
    if (inUse !== base) [base, network, chosen] = [inUse, inUse, -1];
    const { raw, label: known = -1 } = currentExample();
    const regression = network.task === "regression";
    const predicted = regression ? -1 : argmax(network.predict(raw, 1));
    const explained = [chosen, known, predicted, 0].find((index) => index >= 0);
    const text = (name, k) => (k === predicted ? `${name} (predicted)` : name);
    label.replaceChildren(...network.classes.map((name, k) => element("option", { value: k, selected: k === explained }, text(name, k))));
    explanation = explain(network, raw, explained, Number(rate.value));
    graph.build(network, explanation.steps, options(network, explanation.steps));
    classes.firstChild.textContent = LABELS[network.task];
    label.setAttribute("aria-label", LABELS[network.task]);
    examples.hidden = !network.takesDrawings;
    at.hidden = !example.value.startsWith(TEST);
    apply.hidden = rates.hidden = loss.hidden = regression;
    reset.hidden = network === base;
    const [before, after] = [explanation, regression ? null : network.withParameters(explanation.updated).trainingStep(raw, explained)];
    if (after) loss.textContent = `loss ${number(before.arrays.loss.values[0], 3)}; after the update ${number(after.loss, 3)}`;
    render(false);
  }

  function render(sweep) {
    if (!explanation) return;
    const { steps, arrays } = explanation;
    const step = steps[position()];
    latest = step.name;
    graph.select(latest);
    place.textContent = `${position() + 1} of ${steps.length}`;
    stage.title.textContent = `${placeName(network, step.place)}, ${step.direction}`;
    stage.show(step, arrays, options(network, steps), sweep);
  }

  function onKey(event) {
    if (store.state.section !== "steps" || !explanation || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target.closest?.(OTHER_KEYS) ? undefined : arrowTarget(event, position(), explanation.steps.length);
    if (target === undefined) return;
    event.preventDefault();
    walk(target - position());
  }

  const choice = (text) => element("option", {}, text);

  /** Offer the drawing, if there is one, samples, and test examples. */
  function offer({ pixels }) {
    const samples = Array.from({ length: 10 }, (_, digit) => `sample ${digit}`);
    example.replaceChildren(...(pixels ? [DRAWING] : []).concat(samples, tests).map(choice));
    example.value = pixels ? DRAWING : "sample 5";
    choose();
  }

  async function findTests() {
    const data = (await store.backend?.datasets().catch(() => [])) ?? [];
    tests = data.filter(({ name }) => !name.startsWith("digits/")).map(({ name }) => TEST + name);
    example.append(...tests.map(choice));
  }

  document.addEventListener("keydown", onKey);
  onScheme(changed);
  store.subscribe(["pixels"], offer);
  findTests();
  store.subscribe(["network", "values", "explained"], compute, "steps");
  store.subscribe(["part"], () => render(true), "steps");
}

/** The example of the form, or else the means of the training data. */
function tableExample(network, values) {
  const columns = columnsOf(network);
  const complete = values?.length === columns.length && !values.includes(undefined);
  return rawInputs(network, columns, complete ? values : columns.map(() => ""));
}

/** How arrays of a network are shown: flat ones as images, drawings as ink, with the names of classes and columns. */
function options(network, steps) {
  const shapes = [network.exampleShape, ...network.layers.map(({ inputShape }) => inputShape)];
  const images = shapes
    .map((shape) => (shape.length === 2 ? [1, ...shape] : shape))
    .filter((shape) => shape.length === 3 && shape[1] * shape[2] > 1);
  const last = steps.findLastIndex(({ direction, place }) => direction === "forward" && typeof place === "number");
  const outputs = steps.filter(({ place }, k) => k === last || place === "loss" || place === "prediction").map(({ name }) => name);
  const inputs = ["raw", "x", "dx", "shift", "divisor"];
  return (name) => ({
    images,
    ink: network.forBytes && images.length > 0 && ["raw", "x"].includes(name),
    labels: outputs.includes(name) ? network.classes : inputs.includes(name) ? network.features : [],
  });
}
