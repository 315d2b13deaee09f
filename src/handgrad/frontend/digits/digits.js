// The Digits section: digits of one's own, drawn, named, kept; the network trained on them; what that changed.

import { Collection } from "handgrad/digits/collection.js";
import { Comparison } from "handgrad/digits/comparison.js";
import { Drawing } from "handgrad/digits/drawing.js";
import { npz } from "handgrad/digits/npz.js";
import { Shelf } from "handgrad/digits/shelf.js";
import { Tuning } from "handgrad/digits/tuning.js";
import { element } from "handgrad/elements.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/;
const DIGITS = [..."0123456789"];

export default function mount(section, app) {
  const collection = new Collection(app);
  const drawing = new Drawing(app, (pixels, label, strokes) => {
    collection.add(pixels, label, strokes);
    app.say(`collected as ${label}: ${collection.all.filter((digit) => digit.label === label).length} of them`);
  });
  const shelf = new Shelf(app, collection);
  const comparison = new Comparison(app);
  const tuning = new Tuning(app, collection, (before, after) => comparison.show(before, after, collection.examples), (text) => comparison.tell(text));

  const known = element("datalist", { id: "collections" });
  const name = element("input", { id: "collection-name", value: collection.name, list: "collections", autocomplete: "off", spellcheck: "false", onchange: () => open() });
  const save = element("button", { type: "button", onclick: () => keep() }, "Save");
  const download = element("button", { type: "button", onclick: () => give() }, "Download .npz");
  const line = element("p", { class: "note shelf-line", role: "status" });

  async function open() {
    line.textContent = "";
    if (!NAME.test(name.value)) {
      line.textContent = "A name has letters, digits, - and _, at most 50, and begins with a letter or digit";
      name.value = collection.name;
      return;
    }
    await attempt(() => collection.open(name.value));
  }

  async function keep() {
    await attempt(async () => {
      await collection.save();
      app.say(`saved as digits/${collection.name}`);
      await list();
    });
  }

  async function list() {
    const sets = await app.api("/digits");
    known.replaceChildren(...sets.map((set) => element("option", { value: set.name }, `${set.examples} digits`)));
  }

  async function give() {
    await attempt(async () => {
      const { examples, name } = collection;
      const address = URL.createObjectURL(npz(examples, await collection.drawings()));
      element("a", { href: address, download: `${name}.npz` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    });
  }

  async function attempt(work) {
    line.textContent = "";
    try {
      await work();
    } catch (error) {
      line.textContent = error.message;
    }
  }

  function draw() {
    shelf.draw(drawing.network?.classes ?? DIGITS);
    tuning.draw();
    save.disabled = !collection.waiting.length;
    download.disabled = !collection.all.length;
  }

  collection.addEventListener("change", draw);
  app.addEventListener("network", () => {
    drawing.setNetwork();
    draw();
  });
  section.append(
    element(
      "div",
      { class: "digits" },
      drawing.element,
      element(
        "section",
        { class: "panel collection", "aria-label": "Your digits" },
        element("h2", {}, "Your digits"),
        element("div", { class: "row collection-head" }, element("label", { for: "collection-name" }, "Name"), name, known, save, download),
        line,
        shelf.element,
      ),
      tuning.element,
      comparison.element,
    ),
  );
  draw();
  attempt(async () => {
    await list();
    await collection.open(collection.name);
    tuning.recall();
  });
}
