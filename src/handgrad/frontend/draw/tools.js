// What is below the sheet: undo, clear, the pen's width, ten digits to be written, and the keys.

import { element } from "handgrad/elements.js";
import { WIDTH } from "handgrad/draw/strokes.js";

const KEYS = [
  ["arrow keys", "lead the pen; with Shift further"],
  ["Space", "puts it down, and lifts it"],
  ["0 … 9", "writes that digit"],
  ["Z", "undoes"],
  ["Delete", "clears"],
];

export function tools({ undo, clear, width, write }) {
  const back = element("button", { type: "button", onclick: undo, "aria-disabled": "true" }, "Undo");
  const away = element("button", { type: "button", onclick: clear, "aria-disabled": "true" }, "Clear");
  const pen = element("input", {
    type: "range",
    id: "pen-width",
    min: 0.02,
    max: 0.16,
    step: 0.005,
    value: WIDTH,
    "aria-label": "Width of the pen",
    oninput: () => width(Number(pen.value)),
  });
  const digits = [..."0123456789"].map((digit) =>
    element("button", { type: "button", class: "plain write", "aria-label": `Write a ${digit}`, onclick: () => write(digit) }, digit),
  );
  const keys = element(
    "details",
    { class: "keys" },
    element("summary", {}, "Keys"),
    element("dl", { id: "pad-keys" }, ...KEYS.flatMap(([key, does]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, does)])),
  );
  return {
    element: element(
      "div",
      { class: "tools" },
      element("div", { class: "row" }, back, away, element("label", { class: "pen", for: "pen-width" }, element("span", {}, "Pen"), pen)),
      element("div", { class: "row writes", role: "group", "aria-label": "Have a digit written" }, element("span", { class: "note" }, "Write me"), ...digits),
      keys,
    ),
    update(history) {
      // Not `disabled`, which would take the focus from who has just pressed it.
      back.ariaDisabled = String(!history.canUndo);
      away.ariaDisabled = String(history.empty);
    },
  };
}
