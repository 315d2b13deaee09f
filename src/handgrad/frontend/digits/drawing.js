// The pad for one digit of the collection, its prediction, and the buttons that label it.

import { History } from "handgrad/draw/history.js";
import { Pad } from "handgrad/draw/pad.js";
import { pixelsOf } from "handgrad/draw/strokes.js";
import { argmax, button, element, panel } from "handgrad/elements.js";
import { DIGITS } from "handgrad/facts.js";

const KEYS = "In the drawing area, the keys 0 … 9 label the digit; arrow keys and Space draw, Z undoes.";

/**
 * @param {any} store
 * @param {(drawing: any, label: string, pixels: Uint8Array) => Promise<boolean>} collect  saves (drawing, label, pixels), if it can
 */
export function drawing(store, collect) {
  const history = new History();
  let network = null; // the one in use, if it takes 28×28 pixels
  const notify = (status) => store.set({ status });
  const pad = new Pad(history, { changed: render, digit: label, notify });
  pad.canvas.setAttribute("aria-describedby", "collect-keys");
  const undoes = button("Undo", () => pad.undo());
  const clears = button("Clear", () => pad.clear());
  const prediction = element("p", { class: "note collect-prediction" });
  const labels = element("div", { class: "collect-labels", role: "group", "aria-labelledby": "collect-question" });

  function pixels() {
    const sheet = history.sheet.drawing;
    return sheet.strokes.length ? pixelsOf(sheet, network?.framing ?? "digit") : null;
  }

  function render() {
    const drawn = pixels();
    undoes.disabled = !history.canUndo;
    clears.disabled = history.empty;
    for (const each of labels.children) each.setAttribute("aria-disabled", !drawn);
    const shares = drawn && network ? network.predict(drawn, 1) : [];
    const best = argmax(shares);
    const text = network ? `Prediction: ${network.classes[best]} (${Math.round(100 * shares[best])} %)` : "There is no network yet";
    prediction.textContent = drawn ? text : "";
  }

  async function label(name) {
    const drawn = pixels();
    const known = [...labels.children].some((each) => each.textContent === name);
    if (!drawn || !known) return notify(drawn ? `this network has no class ${name}` : "draw something first");
    const saved = collect(history.sheet.drawing, name, drawn);
    pad.clear();
    if (!(await saved) && history.empty) pad.undo();
  }

  store.subscribe(["network"], (state) => {
    network = state.network?.takesDrawings ? state.network : null;
    const classes = network?.classes ?? DIGITS;
    labels.replaceChildren(...classes.map((name) => button(name, () => label(name), { "aria-label": `Label as ${name}` })));
    render();
  });
  const tools = element("div", { class: "row collect-tools" }, undoes, clears, prediction);
  const question = element("h3", { id: "collect-question" }, "Which digit is it?");
  const keys = element("p", { class: "note", id: "collect-keys" }, KEYS);
  return panel("collect", "Draw a digit", element("h2", {}, "Draw a digit"), pad.element, tools, question, labels, keys);
}
