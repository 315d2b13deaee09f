// A row with a name, a bar to the right for a positive number or to the left for a negative one, and the number.

import { element } from "handgrad/elements.js";

/** @returns {{item: HTMLElement, show: function(string, string, number, string, string=): void}} name, text, share from −1 to 1, number, title */
export function contributionRow() {
  const [name, text, bar, number] = ["sum-name", "sum-text", "sum-part", "sum-number"].map((kind) => element("span", { class: kind }));
  const item = element("li", { class: "sum" }, name, text, element("span", { class: "sum-track", "aria-hidden": "true" }, bar), number);
  const show = (label, words, share, shown, title = "") => {
    name.textContent = label;
    text.textContent = words;
    bar.classList.toggle("negative", share < 0);
    bar.style.transform = `scaleX(${share})`;
    number.textContent = shown;
    number.title = title;
  };
  return { item, show };
}
