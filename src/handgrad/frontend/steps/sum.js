// What is behind a number: the terms of its sum as bars, and the lines of code that compute its array.

import { button, element } from "handgrad/elements.js";
import { largest } from "handgrad/images.js";
import { number } from "handgrad/model/derivation.js";

/** The name of an entry, e.g. z1[0,7]. */
export function entryName(name, index) {
  return index.length ? `${name}[${index}]` : name;
}

/**
 * Show how one entry of an array came about.
 * @param {string} name
 * @param {import("handgrad/model/derivation.js").Derivation} derivation
 * @param {(uses: Object|null) => void} point  called with the entries that a term uses while it is pointed at
 */
export function showSum(name, { formula, value, symbol, terms, left, rest }, point) {
  const head = element("p", { class: "step-sum-value" }, `${name} = `, element("b", {}, number(value, 5)));
  const text = element("p", { class: "step-sum-formula" }, `= ${formula}`);
  if (!symbol) {
    const same = terms[0].text === number(value) || terms[0].text === formula;
    return [head, text, same ? null : element("p", { class: "step-sum-formula" }, `= ${terms[0].text}`)];
  }
  const rows = terms.map((term) => ({ ...term, focus: () => point(term.uses) }));
  if (left.count) rows.push({ label: `${left.count.toLocaleString("en")} more`, text: "", value: symbol === "Σ" ? left.value : null });
  if (rest) rows.push({ label: "plus", text: rest.text === number(rest.value) ? "" : rest.text, value: rest.value });
  const most = largest(rows.map((row) => row.value ?? 0));
  const count = terms.length + left.count;
  const of = count.toLocaleString("en");
  const which = left.count ? `The ${terms.length} largest of ${of} terms` : count === 1 ? "One term" : `All ${of} terms`;
  const lines = rows.map((row) =>
    element(
      "li",
      { class: "step-term", onpointerenter: row.focus, onpointerleave: () => point(null) },
      element("span", { class: "step-term-label" }, row.label),
      element("span", { class: "step-term-text" }, row.text),
      bar(row.value, most),
      element("span", { class: "step-term-value" }, row.value === null ? "" : number(row.value)),
    ),
  );
  return [
    head,
    text,
    element("p", { class: "note" }, symbol === "Σ" ? which : `The largest of ${of}`),
    element("ol", { class: "step-terms" }, ...lines),
  ];
}

/** A bar from the middle: positive to the right, negative to the left. */
function bar(value, most) {
  const share = (value ?? 0) / most / 2;
  const part = element("i", { class: share < 0 ? "negative" : "positive" });
  part.style.left = `${50 + 100 * Math.min(0, share)}%`;
  part.style.width = `${100 * Math.abs(share)}%`;
  return element("span", { class: "step-term-bar", "aria-hidden": "true" }, part);
}

/** Show a function of the library, and mark the lines that compute the array. */
export function showCode(code) {
  const lines = code.lines.map(([line, text]) =>
    element(
      code.marked.includes(line) ? "mark" : "span",
      { class: "step-line" },
      element("span", { class: "step-line-number", "aria-hidden": "true" }, String(line)),
      text || " ",
    ),
  );
  return [
    element(
      "p",
      { class: "note" },
      "Computed by ",
      element("code", {}, code.name),
      " in ",
      element("code", {}, `${code.file}:${code.marked[0]}`),
    ),
    element(
      "pre",
      { class: "step-lines", tabindex: "0", role: "region", "aria-label": `${code.name} in ${code.file}` },
      element("code", {}, ...lines),
    ),
  ];
}
