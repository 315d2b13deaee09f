// The full-screen mode, for a projector: the drawing area and the answer fill the screen, or the window where the browser
// has no full screen. Escape leaves it.

import { button } from "handgrad/elements.js";

/**
 * Create the button that enters and leaves it.
 * @param {HTMLElement} board  what fills the screen
 * @param {function(): void} entered  called once it does
 */
export function projector(board, entered) {
  const control = button("Full screen", () => (board.classList.contains("projector") ? leave() : enter()), { class: "quiet" });
  const others = () => [...document.querySelectorAll(".top, main > section > *")].filter((each) => !each.contains(board));

  function show(full) {
    board.classList.toggle("projector", full);
    document.documentElement.classList.toggle("projecting", full);
    control.textContent = full ? "Leave full screen" : "Full screen";
    for (const each of others()) each.inert = full;
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

  document.addEventListener("fullscreenchange", () => !document.fullscreenElement && show(false));
  document.addEventListener(
    "keydown",
    (event) => event.key === "Escape" && !event.defaultPrevented && board.classList.contains("projector") && leave(),
  );
  return control;
}
