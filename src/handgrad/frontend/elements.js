// DOM elements that the sections share, each made in one expression.

/** Steps to the right and down. */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Create an element. Settings named "on…" are listeners; true sets an empty attribute, false and null none. */
export function element(tag, settings = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else if (name === "style")
      created.style.cssText = value; // the content security policy forbids the attribute
    else if (value === true) created.setAttribute(name, "");
    else if (value !== false && value != null) created.setAttribute(name, value);
  }
  created.append(...children.filter((child) => child != null));
  return created;
}

export const button = (content, onclick, settings = {}) => element("button", { type: "button", onclick, ...settings }, content);

/** A part of a section; screen readers announce its label. */
export const panel = (kind, label, ...children) => element("section", { class: `panel ${kind}`, "aria-label": label }, ...children);

/** The index that an arrow key, Home or End leads to from `at`, possibly out of range; undefined for other keys. */
export function arrowTarget({ key }, at, length, columns = null) {
  const vertical = columns ? { ArrowDown: at + columns, ArrowUp: at - columns } : {};
  return { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: length - 1, ...vertical }[key];
}

/** The index of the largest value. */
export const argmax = (values) => values.reduce((best, value, k) => (value > values[best] ? k : best), 0);

/** The bytes of a base64 string. */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Let the browser save a file. */
export function saveFile(file) {
  const href = URL.createObjectURL(file);
  element("a", { href, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
