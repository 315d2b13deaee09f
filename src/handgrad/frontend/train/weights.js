// The weights of the first layer as images, one per unit or filter.

import { element, panel } from "handgrad/elements.js";
import { largest, onScheme, paint, signed } from "handgrad/images.js";
import { size } from "handgrad/model/shapes.js";

const LIMIT = 256;

/** Show the weights of the newest network. */
export function weights(store) {
  const tiles = element("div", { class: "weights-tiles", role: "img" });
  const note = element("p", { class: "note weights-note" });
  const legend = element("p", { class: "legend", "aria-hidden": "true" }, "negative", element("span", { class: "scale" }), "positive");

  function draw({ latest } = store.state) {
    const { units = [], side, kind } = latest ? unitsOf(latest.network) : {};
    const text = `The weights of ${units.length} ${kind}, each image scaled by its largest weight.`;
    const none = latest ? "The input of the first layer is not an image." : "They appear after the first epoch.";
    note.textContent = units.length ? `${text}${units.length > LIMIT ? ` The first ${LIMIT} are shown.` : ""}` : none;
    tiles.setAttribute("aria-label", note.textContent);
    tiles.replaceChildren(
      ...units.slice(0, LIMIT).map((values) => {
        const canvas = element("canvas", { class: "pixels", width: side, height: side, "aria-hidden": "true" });
        const most = largest(values);
        paint(canvas, (pixel) => signed(values[pixel] / most));
        return canvas;
      }),
    );
  }

  onScheme(() => draw());
  store.subscribe(["latest"], draw, "train");
  return panel(
    "weights",
    "First layer",
    element("div", { class: "head" }, element("h2", {}, "Weights of the first layer"), legend),
    tiles,
    note,
  );
}

/** The weights of each unit, or of each filter's first channel, where they are an image: {units, side, kind}. */
function unitsOf(network) {
  const layer = network.layers.find(({ parameters }) => parameters.weights);
  if (!layer || size(layer.inputShape) !== size(network.inputShape)) return {};
  const { shape, values } = layer.parameters.weights;
  const each = values.length / shape[0];
  const side = shape.length === 4 ? shape[3] : Math.sqrt(each);
  if (!Number.isInteger(side)) return {};
  const units = Array.from({ length: shape[0] }, (_, unit) => values.subarray(unit * each, unit * each + side * side));
  return { units, side, kind: shape.length === 4 ? "filters" : "units" };
}
