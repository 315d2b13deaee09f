// Lists of numbers with bars. Of long lists the first rows are shown, and more on request.

import { button, element } from "handgrad/elements.js";

const FIRST = 12;
const MOST = 192;

/** A row with a name, a text, a bar to the right or to the left for a share from −1 to 1, and a number. */
export function barRow() {
  const [name, text, bar, number] = ["sum-name", "sum-text", "sum-part", "sum-number"].map((kind) => element("span", { class: kind }));
  const item = element("li", { class: "sum" }, name, text, element("span", { class: "sum-track", "aria-hidden": "true" }, bar), number);
  const show = (label, words, share, shown, title = "") => {
    [name.textContent, text.textContent, number.textContent, number.title] = [label, words, shown, title];
    bar.classList.toggle("negative", share < 0);
    bar.style.transform = `scaleX(${share})`;
  };
  return { item, show };
}

/**
 * A list of slots, which are filled again for each input.
 * @param {number} count  of all items
 * @param {string} what  they are, e.g. "units"
 * @param {string} kind  the class of the list
 * @param {() => any} create  creates a slot with an `item`
 * @param {(slot: any, k: number) => void} fill  fills a slot with the k-th item
 */
export function slotList(count, what, kind, create, fill) {
  let all = false;
  const slots = [];
  const list = element("ol", { class: `slots ${kind}` });
  const toggle = () => {
    all = !all;
    update();
  };
  const more = button("", toggle, { class: "quiet more", hidden: count <= FIRST });
  function update() {
    const shown = Math.min(count, all ? MOST : FIRST);
    const names = count > MOST ? `${MOST} of ${count.toLocaleString("en")}` : `all ${count}`;
    more.textContent = `Show ${all ? FIRST : names} ${what}`;
    while (slots.length < shown) slots.push(create());
    slots.length = shown;
    if (list.children.length !== shown) list.replaceChildren(...slots.map(({ item }) => item));
    slots.forEach(fill);
  }
  return { element: element("div", {}, list, more), update };
}

/** The indices of values, those of the largest magnitude first. */
export const ranked = (values) => [...values.keys()].sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
