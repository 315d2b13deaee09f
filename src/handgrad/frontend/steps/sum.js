// What is behind a number: the terms of its sum as bars, and the lines of code that compute its array.

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
  const list = rows.map(([label, text, each, uses]) =>
    element(
      "li",
      { class: "step-term", onpointerenter: () => point(uses), onpointerleave: () => point(null) },
      element("span", { class: "step-term-label" }, label),
      element("code", {}, text),
      bar(each / most / 2),
      element("span", { class: "number" }, number(each)),
    ),
  );
  const of = `${count.toLocaleString("en")} term${count > 1 ? "s" : ""}`;
  const which = symbol === "Max" ? `The largest of ${of}` : others ? `The ${terms.length} largest of ${of}` : of;
  return [head, line(formula), element("p", { class: "note" }, which), element("ol", { class: "step-terms" }, ...list)];
}

/** A bar from the middle: positive to the right, negative to the left. */
function bar(share) {
  const style = `left: ${50 + 100 * Math.min(0, share)}%; width: ${100 * Math.abs(share)}%; background: var(--${share < 0 ? "negative" : "positive"})`;
  return element("span", { class: "step-term-bar", "aria-hidden": "true" }, element("i", { style }));
}

/** Show a function of the library, and mark the lines that compute the array. */
export function showCode({ name, file, lines, marked }) {
  const rows = lines.map(([line, text]) =>
    element(
      marked.includes(line) ? "mark" : "span",
      { class: "step-line" },
      element("span", { "aria-hidden": "true" }, String(line)),
      text,
    ),
  );
  const title = element(
    "p",
    { class: "note" },
    "Computed by ",
    element("code", {}, name),
    " in ",
    element("code", {}, `${file}:${marked[0]}`),
  );
  return [title, element("pre", { class: "step-lines" }, ...rows)];
}
