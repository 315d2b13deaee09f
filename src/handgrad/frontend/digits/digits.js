// The Digits section: draw and label digits, save them, fine-tune the network on them, and compare.

import { Collection } from "handgrad/digits/collection.js";
import { Comparison } from "handgrad/digits/comparison.js";
import { Drawing } from "handgrad/digits/drawing.js";
import { FineTuning } from "handgrad/digits/fine_tuning.js";
import { npz } from "handgrad/digits/npz.js";
import { Thumbnails } from "handgrad/digits/thumbnails.js";
import { button, element, panel } from "handgrad/elements.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/;
const DIGITS = [..."0123456789"];

export default function mount(section, app) {
  const collection = new Collection(app);
  const drawing = new Drawing(app, (pixels, label, strokes) => {
    collection.add(pixels, label, strokes);
    app.notify(`added as ${label}: ${collection.all.filter((digit) => digit.label === label).length} in the collection`);
  });
  const thumbnails = new Thumbnails(app, collection);
  const comparison = new Comparison(app);
  const fineTuning = new FineTuning(app, collection, {
    compare: (before, after) => comparison.show(before, after, collection.examples),
    status: (text) => comparison.showStatus(text),
  });

  const names = element("datalist", { id: "collections" });
  const name = element("input", { id: "collection-name", value: collection.name, list: "collections", autocomplete: "off", spellcheck: "false", onchange: () => open() });
  const saves = button("Save", () => attempt(save));
  const downloads = button("Download .npz", () => attempt(download));
  const line = element("p", { class: "note collection-line", role: "status" });

  async function open() {
    if (NAME.test(name.value)) return attempt(() => collection.open(name.value));
    line.textContent = "A name has letters, digits, - and _, at most 50, and begins with a letter or digit";
    name.value = collection.name;
  }

  async function save() {
    await collection.save();
    app.notify(`saved as digits/${collection.name}`);
    await list();
  }

  async function list() {
    const sets = await app.api("/digits");
    names.replaceChildren(...sets.map((set) => element("option", { value: set.name }, `${set.examples} digits`)));
  }

  async function download() {
    const address = URL.createObjectURL(npz(collection.examples, await collection.strokes()));
    element("a", { href: address, download: `${collection.name}.npz` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  /** Show the message of an error. */
  async function attempt(work) {
    line.textContent = "";
    await work().catch((error) => (line.textContent = error.message));
  }

  function draw() {
    thumbnails.draw(drawing.network?.classes ?? DIGITS);
    fineTuning.draw();
    saves.disabled = !collection.unsaved.length;
    downloads.disabled = !collection.all.length;
  }

  collection.addEventListener("change", draw);
  app.addEventListener("network", () => {
    drawing.setNetwork();
    draw();
  });
  const head = element("div", { class: "row collection-head" }, element("label", { for: "collection-name" }, "Name"), name, names, saves, downloads);
  const shelf = panel("collection", "Your digits", element("h2", {}, "Your digits"), head, line, thumbnails.element);
  section.append(element("div", { class: "digits" }, drawing.element, shelf, fineTuning.element, comparison.element));
  draw();
  attempt(async () => {
    await list();
    await collection.open(collection.name);
    fineTuning.restore();
  });
}
