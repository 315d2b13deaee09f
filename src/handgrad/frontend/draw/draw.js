// The Draw section: strokes become 28×28 pixels, the network predicts, and every layer shows how.

import { Attribution } from "handgrad/draw/attribution.js";
import { examplesView } from "handgrad/draw/examples.js";
import { History } from "handgrad/draw/history.js";
import { insideView } from "handgrad/draw/inside.js";
import { Pad } from "handgrad/draw/pad.js";
import { Prediction } from "handgrad/draw/prediction.js";
import { sample } from "handgrad/draw/samples.js";
import { doubtAbout, enlarged, pixelsOf } from "handgrad/draw/strokes.js";
import { fullScreen, tools } from "handgrad/draw/tools.js";
import { argmax, element, panel } from "handgrad/elements.js";
import { DIGITS } from "handgrad/facts.js";

export const NO_NETWORK = "no network yet";
const TRAIN = element("a", { href: "#train" }, "Train one");
const NOT_YET = element("p", { class: "hint" }, "There is no network yet. ", TRAIN, ": it takes seconds.");
const IN_TERMINAL = element("p", { class: "note" }, "Or in a terminal: handgrad train mlp, then handgrad serve.");
const FAST = 8; // milliseconds

export function mount(section, store) {
  const history = new History();
  const notify = (status) => store.set({ status });
  let network = null; // the store's, if it takes 28×28 pixels
  let own = null; // the pixels that this section has set
  let shown = null; // what the slow views show: {pixels, trace, focus, name}
  let announced = true; // whether screen readers have the newest prediction
  let duration = 0; // of the slow views, in milliseconds
  let flows = false; // whether the next values flow through the graph

  const pad = new Pad(history, { changed, digit: write, notify });
  const attribution = new Attribution(history, { changed, notify });
  const prediction = new Prediction((index, keep = false) => {
    announced = false;
    store.set({ focus: index === store.state.focus && !keep ? null : index });
  }, "Draw something to see its class.");
  const inside = insideView(store);
  const examples = examplesView(store);
  const board = element("div", { class: "board" });
  const bar = tools({ pad, write, width: setWidth, full: fullScreen(board, () => pad.canvas.focus()) });

  function setWidth(width) {
    history.setWidth(width);
    pad.draw();
    changed(false);
  }

  function write(digit) {
    pad.clear();
    pad.write(sample(digit));
  }

  function changed(finished) {
    if (finished) announced = false;
    store.set({ sheet: history.sheet });
  }

  /** Compute the network's input from the sheet. */
  function render({ sheet, kernels }) {
    const { example, edits } = sheet;
    const framing = network?.framing ?? "digit";
    const drawing = framing === "digit" ? enlarged(sheet.drawing) : sheet.drawing;
    const framed = example ?? (kernels && drawing.strokes.length ? pixelsOf(drawing, framing) : null);
    own = framed || edits.size ? Uint8Array.from(framed ?? new Uint8Array(784)) : null;
    for (const [pixel, value] of edits) own[pixel] = value;
    prediction.warn(example || pad.drawing ? "" : doubtAbout(sheet.drawing)); // after the stroke
    store.set({ pixels: own, strokes: example || edits.size || !drawing.strokes.length ? null : drawing });
  }

  /** Take over an example that another section has set. */
  function open({ pixels }) {
    if (pixels === own) return;
    own = pixels;
    pad.open(pixels);
  }

  /** The prediction first; slow views wait until no stroke is being drawn. */
  function predict({ pixels, focus: selected }) {
    const trace = network && pixels ? network.forward(pixels) : null;
    const focus = selected ?? (trace ? argmax(trace.prediction) : -1);
    shown = { pixels, trace, focus, name: network?.classes[focus] ?? "" };
    if (network) prediction.update(trace?.prediction ?? null, focus, selected);
    bar.update(history);
    if (!announced && trace) prediction.announce();
    flows ||= !announced && trace !== null;
    announced = true;
    if (duration < FAST || !pad.drawing) explain();
  }

  /** Show why: what takes longer than a stroke can wait for waits until its end. */
  function explain() {
    const start = performance.now();
    const { pixels, trace, focus, name } = shown;
    const selected = network?.classes.map((_, k) => Number(k === focus));
    attribution.update({ pixels, gradient: trace && network.inputGradient(pixels, selected), name });
    inside.update({ trace, focus, name }, flows);
    flows = false;
    duration = performance.now() - start;
  }

  function setNetwork({ network: next, problem }) {
    network = next?.takesDrawings ? next : null;
    prediction.setNetwork(network ?? { classes: DIGITS, task: "classification" });
    board.hidden = rest.hidden = next !== null && !network; // a form takes their place
    const lines = problem === NO_NETWORK ? [NOT_YET, IN_TERMINAL] : [element("p", { class: "problem" }, problem)];
    if (!next && problem) prediction.showMessage(...lines);
    inside.setNetwork(network);
    attribution.how = (network?.framing ?? "digit") === "digit" ? "framed like MNIST's digits" : "as drawn";
    store.set({ focus: null, sheet: history.sheet });
  }

  board.append(panel("sheet", "Draw", pad.element, bar.element), panel("answers", "Prediction", prediction.element), attribution.element);
  const rest = element("div", {}, examples.element, inside.element);
  section.append(board, rest);
  store.set({ sheet: history.sheet });
  store.subscribe(["network", "problem"], setNetwork);
  store.subscribe(["sheet", "kernels"], render);
  store.subscribe(["pixels"], open);
  store.subscribe(["pixels", "focus", "network", "section"], predict);
  examples.open();
}
