// The Draw section: strokes become 28×28 pixels, the network predicts, and every layer shows how.

import { App } from "handgrad/app.js";
import { Attribution } from "handgrad/draw/attribution.js";
import { Examples } from "handgrad/draw/examples.js";
import { History } from "handgrad/draw/history.js";
import { IdleTask } from "handgrad/draw/idle.js";
import { InputGrid } from "handgrad/draw/input_grid.js";
import { Pad } from "handgrad/draw/pad.js";
import { Prediction } from "handgrad/draw/prediction.js";
import { sample } from "handgrad/draw/samples.js";
import { Stages } from "handgrad/draw/stages.js";
import { blank, renderStrokes, SIDE } from "handgrad/draw/strokes.js";
import { tools } from "handgrad/draw/tools.js";
import { Writer } from "handgrad/draw/writer.js";
import { argmax, element, panel } from "handgrad/elements.js";
import { frameDigit } from "handgrad/model/framing.js";

const HOW_TO_TRAIN = [
  element(
    "p",
    { class: "hint" },
    "There is no network yet. Train one in the section ",
    element("a", { href: "#train" }, "Train"),
    ": it takes seconds.",
  ),
  element(
    "p",
    { class: "note" },
    "Or in a terminal: ",
    element("code", {}, "handgrad train mlp"),
    ", then ",
    element("code", {}, "handgrad serve"),
    ".",
  ),
];
const DIGITS = { classes: [..."0123456789"], task: "classification" };

export const NO_NETWORK = "no network yet";

export function mount(section, store) {
  const history = new History();
  const notify = (status) => store.set({ status });
  let network = null; // the store's, if it takes 28×28 pixels
  let own = null; // the pixels that this section has set
  let state = null; // what the views show: {pixels, trace, focus, name}
  let announced = true; // whether screen readers have the newest prediction

  const pad = new Pad(history, { changed, write, undo, clear, notify });
  const input = new InputGrid({
    begin: () => history.push({ edits: new Map(history.sheet.edits) }),
    set: (pixel, value) => (history.sheet.edits.set(pixel, value), changed(false)),
    end: () => changed(true),
    notify,
  });
  const prediction = new Prediction((index, keep = false) => {
    announced = false;
    store.set({ focus: index === store.state.focus && !keep ? null : index });
  }, "Draw something, and the network predicts its class.");
  const attribution = new Attribution();
  const layers = new Stages();
  const examples = document.getElementById("model") ? null : new Examples(new App(store));
  const bar = tools({ undo, clear, write, width: setWidth });
  const writer = new Writer(pad, changed);

  function undo() {
    writer.stop();
    history.undo();
    pad.draw();
    changed(true);
  }

  function clear() {
    writer.stop();
    history.clear();
    pad.draw();
    changed(true);
  }

  function setWidth(width) {
    history.setWidth(width);
    pad.draw();
    changed(false);
  }

  function write(digit) {
    clear();
    writer.write(sample(digit));
  }

  function changed(finished) {
    if (finished) announced = false;
    store.set({ sheet: history.sheet });
  }

  /** Compute the network's input from the sheet. */
  function render({ sheet }) {
    const { drawing, example, edits } = sheet;
    const framed = example ?? (drawing.strokes.length ? pixelsOf(drawing, network?.framing ?? "digit") : null);
    own = framed || edits.size ? Uint8Array.from(framed ?? new Uint8Array(784)) : null;
    for (const [pixel, value] of edits) own[pixel] = value;
    store.set({ pixels: own, strokes: example || edits.size || !drawing.strokes.length ? null : drawing });
  }

  /** Take over an example that another section has set. */
  function open({ pixels }) {
    if (pixels === own) return;
    own = pixels;
    writer.stop();
    if (pixels) history.push({ drawing: blank(history.sheet.drawing.width), example: pixels, edits: new Map() });
    else history.clear();
    pad.draw();
    changed(true);
  }

  /** The prediction first; slow views wait until no stroke is being drawn. */
  function predict({ pixels, focus: selected }) {
    const trace = network && pixels ? network.forward(pixels) : null;
    const focus = selected ?? (trace ? argmax(trace.prediction) : -1);
    state = { pixels, trace, focus, name: network?.classes[focus] ?? "" };
    input.update(pixels);
    if (network) prediction.update(trace?.prediction ?? null, focus, selected);
    bar.update(history);
    explanation.request(!pad.drawing && !writer.running);
    if (!announced && trace) prediction.announce();
    announced = true;
  }

  const explanation = new IdleTask(() => {
    const { pixels, trace, focus, name } = state;
    attribution.update(pixels, trace && network.inputGradient(pixels, focus), name);
    layers.update(trace && { trace, focus, name });
  });

  function setNetwork({ network: next, problem }) {
    network = next?.takesDrawings ? next : null;
    prediction.setNetwork(network ?? DIGITS);
    board.hidden = layers.element.hidden = next !== null && !network; // a form takes their place
    if (!next && problem)
      prediction.showMessage(...(problem === NO_NETWORK ? HOW_TO_TRAIN : [element("p", { class: "problem" }, problem)]));
    layers.setNetwork(network);
    input.setFraming(network?.framing ?? "digit");
    store.set({ focus: null, sheet: history.sheet });
  }

  const keys = "Arrow keys move, space changes a pixel, shift with an arrow key draws.";
  const board = element(
    "div",
    { class: examples ? "board" : "board alone" },
    panel("sheet", "Draw", element("h2", {}, "Draw"), pad.element, bar.element),
    panel(
      "network-input",
      "Network input",
      element("h2", {}, "Network input"),
      input.element,
      input.note,
      element("p", { class: "visually-hidden", id: "input-keys" }, keys),
    ),
    panel("answers", "Prediction", prediction.element),
    attribution.element,
    examples?.element ?? null,
  );
  section.append(board, layers.element);
  store.set({ sheet: history.sheet });
  store.subscribe(["network", "problem"], setNetwork);
  store.subscribe(["sheet"], render);
  store.subscribe(["pixels"], open);
  store.subscribe(["pixels", "focus", "network", "section"], predict);
  examples?.open();
}

/** The 28×28 bytes of a drawing: framed as MNIST's digits, or, for framing "plain", as drawn. */
export function pixelsOf(drawing, framing) {
  return framing === "digit" ? frameDigit(renderStrokes(drawing, SIDE), SIDE, SIDE) : renderStrokes(drawing, 28);
}
