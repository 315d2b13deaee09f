// The Digits section: draw and label digits, fine-tune the network on them, and compare.

import { collection } from "handgrad/digits/collection.js";
import { drawing } from "handgrad/digits/drawing.js";
import { fineTuning } from "handgrad/digits/fine_tuning.js";
import { element } from "handgrad/elements.js";

export function mount(section, store) {
  const digits = collection(store);
  section.append(element("div", { class: "digits" }, drawing(store, digits.add), digits.element, ...fineTuning(store)));
}
