// What is behind a number: the terms of its sum as bars, and the lines of code that compute its array.

import { barRow } from "handgrad/bars.js";
import { element } from "handgrad/elements.js";
import { largest } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";

/**
 * Show how one entry of an array came about.
 * @param {string} name  of the entry
 * @param {import("handgrad/model/derivation.js").Derivation} derivation
 * @param {(uses: Object|null) => void} point  called with the entries that a term uses while it is pointed at
 */
export function showSum(name, { formula, value, symbol, terms, count, left, rest }, point) {
  const head = element("p", { class: "step-sum-value" }, `${name} = `, element("b", {}, number(value, 5)));
  const line = (text) => element("p", { class: "step-sum-formula" }, `= ${text}`);
  if (!symbol) return [head, line(formula), ...(terms[0].text === number(value) ? [] : [line(terms[0].text)])];
  const others = count - terms.length;
  /** @type {[string, string, number, any][]} */
  const rows = terms.map((term) => [term.label, term.text, term.value, term.uses]);
  if (others) rows.push([`${others.toLocaleString("en")} more`, "", symbol === "Σ" ? left : 0, null]);
  if (rest) rows.push(["plus", rest.text === number(rest.value) ? "" : rest.text, rest.value, null]);
  const most = largest(rows.map((row) => row[2]));
  const list = rows.map(([label, text, each, uses]) => {
    const { item, show } = barRow();
    show(label, text, each / most, number(each));
    item.addEventListener("pointerenter", () => point(uses));
    item.addEventListener("pointerleave", () => point(null));
    return item;
  });
  const of = `${count.toLocaleString("en")} term${count > 1 ? "s" : ""}`;
  const which = symbol === "Max" ? `The largest of ${of}` : others ? `The ${terms.length} largest of ${of}` : of;
  return [head, line(formula), element("p", { class: "note" }, which), element("ol", { class: "step-terms" }, ...list)];
}

/** Show a function of the library, and mark the lines that compute the array. */
export function showCode({ name, file, lines, marked }) {
  const code = (text) => element("code", {}, text);
  const rows = lines.map(([line, text]) => {
    const number = element("span", { "aria-hidden": "true" }, String(line));
    return element(marked.includes(line) ? "mark" : "span", { class: "step-line" }, number, text);
  });
  const title = element("p", { class: "note" }, "Computed by ", code(name), " in ", code(`${file}:${marked[0]}`));
  return [title, element("pre", { class: "step-lines" }, ...rows)];
}
