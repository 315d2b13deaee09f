// The weights of the first layer as images, one per unit or filter.

import { ArrayImage } from "handgrad/arrays.js";
import { element, panel } from "handgrad/elements.js";
import { onScheme } from "handgrad/images.js";
import { size } from "handgrad/model/shapes.js";

const HEIGHT = 240; // in CSS pixels

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
    const none = latest ? "The first layer has no weights." : "They appear after the first epoch.";
    note.textContent = count ? `The weights of ${count} ${kind}.` : none;
    canvas.hidden = !count;
    canvas.setAttribute("aria-label", note.textContent);
    const images = latest ? [[1, ...latest.network.exampleShape.slice(-2)]] : [];
    const [width, area] = [frame.clientWidth, 1.3 * weights.values.length]; // with gaps, at least a pixel per weight
    const height = Math.max(HEIGHT, area / width);
    if (count && width) new ArrayImage(canvas, weights, { images, width, height, thumbnail: true }).draw();
  }

  onScheme(() => draw());
  new ResizeObserver(() => draw()).observe(frame);
  store.subscribe(["latest"], draw, "train");
  const head = element("div", { class: "head" }, element("h2", {}, "Weights of the first layer"), legend);
  return panel("weights", "First layer", head, frame, note);
}
