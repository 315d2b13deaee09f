// Images of 28×28 in a grid, each a button, with a text below it where it has one.

import { arrowTarget, button, element } from "handgrad/elements.js";
import { ink, paint } from "handgrad/images.js";

/** Create a grid; arrow keys, Home and End move the focus among its images, of which one has the tab stop. */
export const imageGrid = (label, settings = {}) =>
  element("div", { class: "image-grid", role: "group", "aria-label": label, onkeydown: moveFocus, ...settings });

function moveFocus(event) {
  const buttons = [...event.currentTarget.children];
  const at = buttons.indexOf(document.activeElement);
  const columns = buttons.findIndex((each) => each.offsetTop > buttons[0].offsetTop);
  const target = at < 0 ? undefined : arrowTarget(event, at, buttons.length, Math.max(0, columns));
  if (target === undefined) return;
  event.preventDefault();
  if (!buttons[target]) return;
  buttons.forEach((each, k) => (each.tabIndex = k === target ? 0 : -1));
  buttons[target].focus();
}

/** Create the button of an image; ink is black on paper. */
export function imageButton(pixels, onclick, settings = {}) {
  const canvas = element("canvas", { class: "pixels ink", width: 28, height: 28, "aria-hidden": "true" });
  paint(canvas, (k) => ink(pixels[k] / 255));
  const image = button(canvas, onclick, { class: "image", ...settings });
  image.append(element("span", { class: "image-text" }));
  return image;
}

/** Write below an image, and name it for screen readers. */
export function describe(image, text, name, isError = false) {
  image.lastChild.textContent = text;
  image.classList.toggle("error", isError);
  image.setAttribute("aria-label", name);
  image.title = name;
}
