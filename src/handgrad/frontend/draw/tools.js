// The controls below the drawing area: undo, clear, the pen's width, full screen, sample digits, and a list of the keys.

import { WIDTH } from "handgrad/draw/strokes.js";
import { button, element } from "handgrad/elements.js";

const KEYS = [
  ["arrow keys", "move the pen; with Shift four times as far"],
  ["Space", "lowers and lifts the pen"],
  ["0 … 9", "draws that digit"],
  ["Z", "undoes"],
  ["Delete", "clears"],
];

export function tools({ undo, clear, width, write, full }) {
  const undoes = button("Undo", undo, { class: "quiet", "aria-disabled": "true" });
  const clears = button("Clear", clear, { class: "quiet", "aria-disabled": "true" });
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
    button(digit, () => write(digit), { class: "quiet write", "aria-label": `Draw a sample ${digit}` }),
  );
  const keys = KEYS.flatMap(([key, action]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, action)]);
  return {
    element: element(
      "div",
      { class: "tools" },
      element("div", { class: "row" }, undoes, clears, element("label", { class: "pen", for: "pen-width" }, "Pen", pen), full),
      element(
        "div",
        { class: "row writes", role: "group", "aria-label": "Sample digits" },
        element("span", { class: "note" }, "Samples"),
        ...digits,
        element("details", { class: "keys" }, element("summary", {}, "Keys"), element("dl", { id: "pad-keys" }, ...keys)),
      ),
    ),
    update(history) {
      // Not `disabled`, which would move the focus away from the button that was just pressed.
      undoes.ariaDisabled = String(!history.canUndo);
      clears.ariaDisabled = String(history.empty);
    },
  };
}
