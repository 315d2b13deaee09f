// The Train section: start a training, and see it learn.

import { element } from "handgrad/elements.js";
import { Form } from "handgrad/train/form.js";
import { Runs } from "handgrad/train/runs.js";
import { View } from "handgrad/train/view.js";

export default function mount(section, app) {
  const view = new View(app, () => runs.refresh());
  const runs = new Runs(app, {
    shown: (name, chosen) => {
      view.show(name);
      app.name("train", name, chosen);
    },
    missing: (name) => view.show(null, `There is no run ${name} here. Choose another, or start one.`),
    listed: (list) => view.hear(list),
  });
  const form = new Form(app, (name) => {
    app.say(`${name} has begun`);
    runs.choose(name);
  });
  section.append(
    element("div", { class: "train" }, form.element, runs.element, view.element, view.weights.element, view.wall.element),
  );
  const look = () => (form.open(), runs.open(app.part));
  app.addEventListener("section", ({ detail }) => detail === "train" && look());
  if (!section.hidden) look();
}
