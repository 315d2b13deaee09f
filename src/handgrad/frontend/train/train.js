// The Train section: start a training and watch it.

import { element } from "handgrad/elements.js";
import { Form } from "handgrad/train/form.js";
import { RunView } from "handgrad/train/run_view.js";
import { Runs } from "handgrad/train/runs.js";

export default function mount(section, app) {
  const view = new RunView(app, () => runs.refresh());
  const runs = new Runs(app, {
    selected: (name, byUser) => {
      view.show(name);
      app.setAddress("train", name, byUser);
    },
    missing: (name) => view.show(null, `There is no run ${name}. Choose another, or start one.`),
    listed: (list) => view.updateFacts(list),
  });
  const form = new Form(app, (name) => {
    app.notify(`${name} has started`);
    runs.select(name);
  });
  section.append(element("div", { class: "train" }, form.element, runs.element, view.element, view.weights.element, view.gallery.element));
  const open = () => (form.open(), runs.open(app.part));
  app.addEventListener("section", ({ detail }) => detail === "train" && open());
  if (!section.hidden) open();
}
