// The weights of the first layer as images, one per unit or filter.

import { ArrayImage } from "handgrad/arrays.js";
import { element, panel } from "handgrad/elements.js";
import { onScheme } from "handgrad/images.js";
import { size } from "handgrad/model/shapes.js";

const HEIGHT = 300; // at most, in CSS pixels, unless an image would have less than a pixel per weight

/** Show the weights of the newest network. */
export function weights(store) {
  const canvas = element("canvas", { role: "img" });
  const frame = element("div", { class: "weights-frame" }, canvas);
  const note = element("p", { class: "note weights-note" });
  const legend = element("p", { class: "legend", "aria-hidden": "true" }, "negative", element("span", { class: "scale" }), "positive");

  function draw({ latest } = store.state) {
    const layer = latest?.network.layers.find(({ parameters }) => parameters.weights);
    const isFirst = layer && size(layer.inputShape) === size(latest.network.inputShape);
    const weights = isFirst ? layer.parameters.weights : { shape: [], values: [] };
    const [count] = weights.shape;
    const kind = weights.shape.length > 2 ? "filters" : "units";
    const none = latest ? "The first layer has no weights of its own." : "They appear after the first epoch.";
    note.textContent = count ? `The weights of ${count} ${kind}.` : none;
    canvas.hidden = !count;
    canvas.setAttribute("aria-label", note.textContent);
    const images = latest ? [[1, ...latest.network.exampleShape.slice(-2)]] : [];
    if (count) new ArrayImage(canvas, weights, { images, width: frame.clientWidth, height: HEIGHT }).draw();
  }

  onScheme(() => draw());
  store.subscribe(["latest"], draw, "train");
  const head = element("div", { class: "head" }, element("h2", {}, "Weights of the first layer"), legend);
  return panel("weights", "First layer", head, frame, note);
}
