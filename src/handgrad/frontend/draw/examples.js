// Examples of a data set's test split, to open in the Draw section.

import { button, digitCanvas, element, moveFocus, panel } from "handgrad/elements.js";

const COUNT = 20;

/** A line of examples, hidden until there are some; `open()` lists the data sets, and opens the first. */
export function examplesView(store) {
  let [start, total] = [0, 0];
  const choice = element("select", { "aria-label": "Data set", onchange: () => turn(-Infinity) });
  const onkeydown = (event) => moveFocus(event, [...strip.children]);
  const strip = element("div", { class: "strip", role: "group", "aria-label": "Examples of the test split", onkeydown });
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
    const name = `Example ${start + k + 1}, labelled ${label}`;
    const show = () => store.set({ pixels: Uint8Array.from(pixels), status: `Example opened, labelled ${label}` });
    return button(digitCanvas(pixels), show, { class: "example", "aria-label": name, title: name, tabindex: k ? -1 : 0 });
  }
  return { element: whole, open };
}
