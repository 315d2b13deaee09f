// The Digits section: draw and label digits, fine-tune the network on them, and compare.

import { Collection } from "handgrad/digits/collection.js";
import { Comparison } from "handgrad/digits/comparison.js";
import { Drawing } from "handgrad/digits/drawing.js";
import { FineTuning } from "handgrad/digits/fine_tuning.js";
import { Thumbnails } from "handgrad/digits/thumbnails.js";
import { button, element, panel } from "handgrad/elements.js";

const DIGITS = [..."0123456789"];

export default function mount(section, app) {
  const collection = new Collection(app);
  const drawing = new Drawing(app, (pixels, label) => attempt(async () => {
    await collection.add(pixels, label);
    app.notify(`added as ${label}: ${collection.examples.labels.filter((each) => each === label).length} in the collection`);
  }));
  const thumbnails = new Thumbnails(app, collection);
  const comparison = new Comparison(app);
  const fineTuning = new FineTuning(app, collection, {
    compare: (before, after) => comparison.show(before, after, collection.examples),
    status: (text) => comparison.showStatus(text),
  });

  const names = element("datalist", { id: "collections" });
  const name = element("input", {
    id: "collection-name",
    value: collection.name,
    list: "collections",
    required: true,
    pattern: "[A-Za-z0-9][A-Za-z0-9_\\-]{0,49}",
    title: "Letters, digits, - and _, at most 50; the first is a letter or digit",
    autocomplete: "off",
    spellcheck: "false",
    onchange: () => (name.reportValidity() ? open(name.value) : (name.value = collection.name)),
  });
  const downloads = button("Download .npz", () => element("a", { href: `./digits/${collection.name}`, download: "" }).click());
  const line = element("p", { class: "note collection-line", role: "status" });

  /** Open a collection; without a name again the one that is open, which another tab may have changed. */
  async function open(chosen) {
    await attempt(async () => {
      await collection.open(chosen);
      const sets = await collection.list();
      names.replaceChildren(...sets.map((set) => element("option", { value: set.name }, `${set.examples} digits`)));
    });
  }

  /** Whether work succeeds; the message of an error is shown. */
  async function attempt(work) {
    line.textContent = "";
    try {
      await work();
      return true;
    } catch (error) {
      line.textContent = error.message;
      return false;
    }
  }

  function draw() {
    thumbnails.draw(drawing.network?.classes ?? DIGITS);
    fineTuning.draw();
    downloads.disabled = !collection.count;
  }

  const visible = () => section.hidden || open();
  collection.addEventListener("change", draw);
  app.addEventListener("network", () => {
    drawing.setNetwork();
    draw();
  });
  app.addEventListener("section", visible);
  window.addEventListener("focus", visible);
  const head = element("div", { class: "row collection-head" }, element("label", { for: "collection-name" }, "Name"), name, names, downloads);
  const shelf = panel("collection", "Your digits", element("h2", {}, "Your digits"), head, line, thumbnails.element);
  section.append(element("div", { class: "digits" }, drawing.element, shelf, fineTuning.element, comparison.element));
  draw();
  visible();
}
