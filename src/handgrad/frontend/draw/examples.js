// Examples of a data set's test split, to open in the Draw section.

import { button, element, panel } from "handgrad/elements.js";
import { describe, imageButton, imageGrid } from "handgrad/image_grid.js";

const COUNT = 20;

/** A line of examples, hidden until there are some; `open()` lists the data sets, and opens the first. */
export function examplesView(store) {
  let [start, total] = [0, 0];
  const choice = element("select", { "aria-label": "Data set", onchange: () => turn(-Infinity) });
  const strip = imageGrid("Examples of the test split", { class: "strip" });
  const step = (by, label, text) => button(text, () => turn(by), { class: "quiet", "aria-label": label });
  const [back, next] = [step(-COUNT, "Previous examples", "←"), step(COUNT, "Next examples", "→")];
  const whole = panel("examples", "Examples", element("h2", {}, "Test examples"), choice, back, strip, next);
  whole.hidden = true;

  async function open() {
    const sets = await store.backend.datasets().catch(() => []);
    choice.replaceChildren(...sets.map(({ name }) => element("option", { value: name }, name)));
    if (sets.length) await load().catch(() => {});
  }

  async function turn(by) {
    start = by === -Infinity ? 0 : Math.max(0, start + by < total ? start + by : start);
    await load().catch((error) => store.set({ status: error.message }));
  }

  async function load() {
    const name = choice.value;
    const found = await store.backend.examples(name, "test", start, COUNT);
    if (name !== choice.value) return; // another was chosen meanwhile
    total = found.total;
    whole.hidden = false;
    strip.replaceChildren(...Array.from(found.labels, (label, k) => example(found.images.slice(784 * k, 784 * (k + 1)), label, k)));
  }

  function example(pixels, label, k) {
    const show = () => store.set({ pixels: Uint8Array.from(pixels), status: `Example opened, labelled ${label}` });
    const image = imageButton(pixels, show, { tabindex: k ? -1 : 0 });
    describe(image, "", `Example ${start + k + 1}, labelled ${label}`);
    return image;
  }
  return { element: whole, open };
}
