// The controls below the drawing area: undo, clear, the pen's width, full screen, sample digits, and a list of the keys.

import { WIDTH } from "handgrad/draw/strokes.js";
import { button, element } from "handgrad/elements.js";

const KEYS = {
  "arrow keys": "move the pen; with Shift four times as far",
  Space: "lowers and lifts the pen",
  "0 … 9": "draws that digit",
  Z: "undoes",
  Delete: "clears",
};

/** Create the controls; `update(history)` marks those that can be used. */
export function tools({ pad, width, write, full }) {
  const undoes = button("Undo", () => pad.undo(), { class: "quiet" });
  const clears = button("Clear", () => pad.clear(), { class: "quiet" });
  const range = { type: "range", id: "pen-width", min: 0.02, max: 0.16, step: 0.005, value: WIDTH, "aria-label": "Width of the pen" };
  const pen = element("input", { ...range, oninput: () => width(Number(pen.value)) });
  const sample = (digit) => button(digit, () => write(digit), { class: "quiet write", "aria-label": `Draw a sample ${digit}` });
  const digits = [..."0123456789"].map(sample);
  const keys = Object.entries(KEYS).flatMap(([key, action]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, action)]);
  const help = element("details", { class: "keys" }, element("summary", {}, "Keys"), element("dl", { id: "pad-keys" }, ...keys));
  const samples = { class: "row writes", role: "group", "aria-label": "Sample digits" };
  const controls = element("div", { class: "row" }, undoes, clears, element("label", { class: "pen", for: "pen-width" }, "Pen", pen), full);
  const writes = element("div", samples, element("span", { class: "note" }, "Samples"), ...digits, help);
  return {
    element: element("div", { class: "tools" }, controls, writes),
    update(history) {
      // Not `disabled`, which would move the focus away from the button that was just pressed.
      undoes.ariaDisabled = String(!history.canUndo);
      clears.ariaDisabled = String(history.empty);
    },
  };
}

/**
 * Create the button of the full-screen mode, for a projector: the board fills the screen, or the window where the browser has
 * no full screen. Escape leaves it.
 * @param {HTMLElement} board
 * @param {() => void} entered  called once it fills the screen
 */
export function fullScreen(board, entered) {
  const filled = () => board.classList.contains("projector");
  const control = button("Full screen", () => (filled() ? leave() : enter()), { class: "quiet" });

  function show(full) {
    board.classList.toggle("projector", full);
    document.documentElement.classList.toggle("projecting", full);
    control.textContent = full ? "Leave full screen" : "Full screen";
    for (const each of document.querySelectorAll("header, main > section > *")) if (each !== board) each.toggleAttribute("inert", full);
  }

  async function enter() {
    show(true);
    await board.requestFullscreen?.().catch(() => {}); // else it fills the window
    entered();
  }

  function leave() {
    show(false);
    if (document.fullscreenElement) document.exitFullscreen();
  }

  document.addEventListener("fullscreenchange", () => document.fullscreenElement || show(false));
  document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && filled() && leave());
  return control;
}
