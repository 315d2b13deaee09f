// Inside the network: the graph of its layers, and the selected one in detail.

import { graphView } from "handgrad/draw/graph.js";
import { layerView } from "handgrad/draw/layer.js";
import { element, panel } from "handgrad/elements.js";
import { stages } from "handgrad/facts.js";
import { onScheme } from "handgrad/images.js";

/** @returns its element, setNetwork(network or null), and update(shown, flows): trace or null, focus and name of a class */
export function insideView(store) {
  let network = null;
  let selected = 0; // index of a stage
  let view = null; // of this stage
  let shown = null;
  const graph = graphView((layer) => store.set({ layer }));
  const detail = element("div", { class: "layer" });
  const whole = panel("inside", "The network", element("h2", {}, "Layer by layer"), graph.element, detail);

  function setNetwork(next) {
    network = next;
    shown = null;
    whole.hidden = !network;
    graph.setNetwork(network);
    setLayer();
  }

  function setLayer() {
    selected = network ? Math.min(store.state.layer ?? 0, stages(network).length - 1) : 0;
    view = network && layerView(network, selected);
    detail.replaceChildren(...(view ? [view.element] : []));
    if (shown) update(shown);
  }

  function update(next, flows = false) {
    shown = next;
    if (!network) return;
    graph.update(shown.trace, selected, flows);
    view.update(shown.trace && shown);
  }

  store.subscribe(["layer"], setLayer);
  onScheme(() => shown && update(shown));
  return { element: whole, setNetwork, update };
}
