// The Draw section: strokes become 28×28 pixels, the pixels an answer, and every layer shows how it came about.

import { Answer } from "handgrad/draw/answer.js";
import { Evidence } from "handgrad/draw/evidence.js";
import { Examples } from "handgrad/draw/examples.js";
import { History } from "handgrad/draw/history.js";
import { Inside } from "handgrad/draw/inside.js";
import { Later } from "handgrad/draw/later.js";
import { Pad } from "handgrad/draw/pad.js";
import { Received } from "handgrad/draw/received.js";
import { sample } from "handgrad/draw/samples.js";
import { blank, renderStrokes, SIDE } from "handgrad/draw/strokes.js";
import { tools } from "handgrad/draw/tools.js";
import { Writer } from "handgrad/draw/writer.js";
import { eachFrame, element } from "handgrad/elements.js";
import { frameDigit } from "handgrad/model/framing.js";
import { size } from "handgrad/model/shapes.js";

const HOW_TO_TRAIN = [
  element("p", { class: "hint" }, "There is no network here yet. Train one in the section ", element("a", { href: "#train" }, "Train"), ": it takes seconds."),
  element("p", { class: "note" }, "Or in a terminal: ", element("code", {}, "handgrad train mlp"), ", then ", element("code", {}, "handgrad serve"), "."),
];
const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

export default function mount(section, app) {
  const history = new History();
  let network = null; // the app's, where it takes 28×28 pixels
  let chosen = null; // the class to explain; null: whatever the answer is
  let state = null; // what all views show: {pixels, trace, focus, name}
  let heard = true; // whether screen readers were told of the newest answer

  const pad = new Pad(history, {
    changed: (finished) => changed(finished),
    write: (digit) => write(digit),
    undo: () => undo(),
    clear: () => clear(),
    pen: (text) => app.say(text),
  });
  const received = new Received({
    begin: () => history.push({ edits: new Map(history.sheet.edits) }),
    set: (pixel, value) => (history.sheet.edits.set(pixel, value), changed(false)),
    end: () => changed(true),
    say: (text) => app.say(text),
  });
  const answer = new Answer((index, always = false) => {
    chosen = index === chosen && !always ? null : index;
    changed(true);
  });
  const evidence = new Evidence();
  const inside = new Inside();
  const examples = app.server ? new Examples(app) : null;
  const bar = tools({ undo: () => undo(), clear: () => clear(), width: setWidth, write: (digit) => write(digit) });
  const writer = new Writer(pad, (finished) => changed(finished));

  function undo() {
    writer.stop();
    history.undo();
    pad.draw();
    changed(true);
  }

  function clear() {
    writer.stop();
    if (!history.empty) history.push({ drawing: blank(history.sheet.drawing.width), example: null, edits: new Map() });
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

  function pixelsNow() {
    const { drawing, example, edits } = history.sheet;
    const framed = example ?? (drawing.strokes.length ? framedAs(drawing, network?.framing ?? "digit") : null);
    if (!framed && !edits.size) return null;
    const pixels = framed ? Uint8Array.from(framed) : new Uint8Array(784);
    for (const [pixel, value] of edits) pixels[pixel] = value;
    return pixels;
  }

  /** Strokes first, then the answer; what is heavy waits until nobody draws. */
  const refresh = eachFrame(() => {
    const pixels = pixelsNow();
    const trace = network && pixels ? network.forward(pixels) : null;
    const best = trace ? trace.probabilities.indexOf(Math.max(...trace.probabilities)) : -1;
    const focus = chosen ?? best;
    state = { pixels, trace, focus, name: network?.classes[focus] ?? "" };
    received.update(pixels);
    if (network) answer.update(trace?.probabilities ?? null, focus, chosen);
    bar.update(history);
    see.ask(!pad.drawing && !writer.running);
    if (!heard && trace) answer.announce();
    heard = true;
    const { example, edits, drawing } = history.sheet;
    app.drawn(pixels, example || edits.size || !drawing.strokes.length ? null : drawing);
  });

  const see = new Later(() => {
    const { pixels, trace, focus, name } = state;
    evidence.update(pixels, trace && network.inputGradient(trace, focus), name);
    inside.update(trace && { trace, focus, name });
  });

  function changed(finished) {
    if (finished) heard = false;
    refresh();
  }

  function setNetwork() {
    const taken = app.network;
    const fits = taken && size(taken.inputShape) === 784;
    network = fits ? taken : null;
    chosen = null;
    answer.setClasses(network?.classes ?? DIGITS);
    section.classList.toggle("without-network", !network);
    if (!taken) answer.tell(...HOW_TO_TRAIN);
    else if (!fits) tell(`This network takes ${taken.inputShape.join("×")} numbers, not pictures of 28×28: it cannot read drawings.`);
    inside.setNetwork(network);
    received.tellFraming(network?.framing ?? "digit");
    changed(false);
  }

  function tell(text) {
    answer.tell(element("p", { class: "problem" }, text));
  }

  app.addEventListener("network", setNetwork);
  app.addEventListener("problem", ({ detail }) => tell(detail));
  app.addEventListener("section", ({ detail }) => detail === "draw" && changed(false));
  app.addEventListener("example", ({ detail }) => {
    writer.stop();
    history.push({ drawing: blank(history.sheet.drawing.width), example: detail.pixels, edits: new Map() });
    pad.draw();
    changed(true);
    app.say(detail.label === null ? "An example is on the sheet" : `An example labelled ${detail.label} is on the sheet`);
  });

  section.append(
    layout({ pad, bar, received, answer, evidence, examples }),
    inside.element,
  );
  answer.setClasses(DIGITS);
  answer.update(null, -1, null);
  examples?.open();
  changed(false);
}

/** The 28×28 bytes of a drawing: as MNIST frames its digits, or, for a network of other pictures, just as it is drawn. */
export function framedAs(drawing, framing) {
  return framing === "digit" ? frameDigit(renderStrokes(drawing, SIDE), SIDE, SIDE) : renderStrokes(drawing, 28);
}

function layout({ pad, bar, received, answer, evidence, examples }) {
  const titled = (name, title, ...children) =>
    element("section", { class: `panel ${name}`, "aria-label": title }, element("h2", {}, title), ...children);
  return element(
    "div",
    { class: examples ? "board" : "board alone" },
    titled("sheet", "Draw", pad.element, bar.element),
    titled(
      "receives",
      "What the network receives",
      received.element,
      received.note,
      element("p", { class: "visually-hidden", id: "received-keys" }, "Arrow keys move, space changes a pixel, shift with an arrow key draws."),
    ),
    element("section", { class: "panel answers", "aria-label": "What the network says" }, answer.element),
    evidence.element,
    examples?.element ?? null,
  );
}
