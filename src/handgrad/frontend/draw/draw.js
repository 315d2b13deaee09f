// The Draw section: strokes become 28×28 pixels, the network predicts, and every layer shows how.

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
import { argmax, eachFrame, element, panel } from "handgrad/elements.js";
import { frameDigit } from "handgrad/model/framing.js";

const HOW_TO_TRAIN = [
  element("p", { class: "hint" }, "There is no network yet. Train one in the section ", element("a", { href: "#train" }, "Train"), ": it takes seconds."),
  element("p", { class: "note" }, "Or in a terminal: ", element("code", {}, "handgrad train mlp"), ", then ", element("code", {}, "handgrad serve"), "."),
];
const DIGITS = { classes: [..."0123456789"], task: "classification" };

export default function mount(section, app) {
  const history = new History();
  let network = null; // the app's, if it takes 28×28 pixels
  let selected = null; // the class to explain; null: the predicted one
  let state = null; // what the views show: {pixels, trace, focus, name}
  let announced = true; // whether screen readers have the newest prediction

  const pad = new Pad(history, { changed, write, undo, clear, notify: (text) => app.notify(text) });
  const input = new InputGrid({
    begin: () => history.push({ edits: new Map(history.sheet.edits) }),
    set: (pixel, value) => (history.sheet.edits.set(pixel, value), changed(false)),
    end: () => changed(true),
    notify: (text) => app.notify(text),
  });
  const prediction = new Prediction((index, keep = false) => {
    selected = index === selected && !keep ? null : index;
    changed(true);
  }, "Draw something, and the network predicts its class.");
  const attribution = new Attribution();
  const layers = new Stages();
  const examples = app.server ? new Examples(app) : null;
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

  function currentPixels() {
    const { drawing, example, edits } = history.sheet;
    const framed = example ?? (drawing.strokes.length ? pixelsOf(drawing, network?.framing ?? "digit") : null);
    if (!framed && !edits.size) return null;
    const pixels = framed ? Uint8Array.from(framed) : new Uint8Array(784);
    for (const [pixel, value] of edits) pixels[pixel] = value;
    return pixels;
  }

  /** The prediction first; slow views wait until no stroke is being drawn. */
  const refresh = eachFrame(() => {
    const pixels = currentPixels();
    const trace = network && pixels ? network.forward(pixels) : null;
    const focus = selected ?? (trace ? argmax(trace.prediction) : -1);
    state = { pixels, trace, focus, name: network?.classes[focus] ?? "" };
    input.update(pixels);
    if (network) prediction.update(trace?.prediction ?? null, focus, selected);
    bar.update(history);
    explanation.request(!pad.drawing && !writer.running);
    if (!announced && trace) prediction.announce();
    announced = true;
    const { example, edits, drawing } = history.sheet;
    app.setDrawing(pixels, example || edits.size || !drawing.strokes.length ? null : drawing);
  });

  const explanation = new IdleTask(() => {
    const { pixels, trace, focus, name } = state;
    attribution.update(pixels, trace && network.inputGradient(trace, focus), name);
    layers.update(trace && { trace, focus, name });
  });

  function changed(finished) {
    if (finished) announced = false;
    refresh();
  }

  function setNetwork() {
    const next = app.network;
    network = next?.takesDrawings ? next : null;
    selected = null;
    prediction.setNetwork(network ?? DIGITS);
    board.hidden = layers.element.hidden = next !== null && !network; // a form takes their place
    if (!next) prediction.showMessage(...HOW_TO_TRAIN);
    layers.setNetwork(network);
    input.setFraming(network?.framing ?? "digit");
    changed(false);
  }

  function showProblem(text) {
    prediction.showMessage(element("p", { class: "problem" }, text));
  }

  app.addEventListener("network", setNetwork);
  app.addEventListener("problem", ({ detail }) => showProblem(detail));
  app.addEventListener("section", ({ detail }) => detail === "draw" && changed(false));
  app.addEventListener("example", ({ detail }) => {
    writer.stop();
    history.push({ drawing: blank(history.sheet.drawing.width), example: detail.pixels, edits: new Map() });
    pad.draw();
    changed(true);
    app.notify(detail.label === null ? "Example opened" : `Example opened, labelled ${detail.label}`);
  });

  const keys = "Arrow keys move, space changes a pixel, shift with an arrow key draws.";
  const board = element(
    "div",
    { class: examples ? "board" : "board alone" },
    panel("sheet", "Draw", element("h2", {}, "Draw"), pad.element, bar.element),
    panel("network-input", "Network input", element("h2", {}, "Network input"), input.element, input.note, element("p", { class: "visually-hidden", id: "input-keys" }, keys)),
    panel("answers", "Prediction", prediction.element),
    attribution.element,
    examples?.element ?? null,
  );
  section.append(board, layers.element);
  prediction.setNetwork(DIGITS);
  prediction.update(null, -1, null);
  examples?.open();
  changed(false);
}

/** The 28×28 bytes of a drawing: framed as MNIST's digits, or, for framing "plain", as drawn. */
export function pixelsOf(drawing, framing) {
  return framing === "digit" ? frameDigit(renderStrokes(drawing, SIDE), SIDE, SIDE) : renderStrokes(drawing, 28);
}
