// The passes of a network, forward and back, over arrays in the memory of the kernels.

import { Memory } from "handgrad/model/kernels.js";
import { IDENTITY, LAYERS, transpose } from "handgrad/model/layers.js";
import { size, transposed } from "handgrad/model/shapes.js";

/** Whether weights lie in memory in another order than in files: (I, O) of a dense layer. */
const isTransposed = ({ type }, name) => type === "Dense" && name === "weights";

export class Passes {
  /**
   * Copy the parameters of a network into a new memory.
   * @param {import("handgrad/model/network.js").Network} network
   * @param {"f32" | "f64"} type  of all numbers
   */
  constructor(network, type = "f32") {
    this.network = network;
    const memory = new Memory(type);
    this.memory = memory;
    this.count = network.parameterCount;
    /** The addresses of all parameters, one after another, and of their gradients. */
    this.parameters = memory.reals(this.count);
    this.gradients = memory.reals(this.count);
    let offset = 0;
    const bytes = memory.Reals.BYTES_PER_ELEMENT;
    this.layers = network.layers.map((layer) => {
      const placed = { ...layer, at: {}, gradient: {} };
      for (const [name, { shape, values }] of Object.entries(layer.parameters)) {
        placed.at[name] = this.parameters + bytes * offset;
        placed.gradient[name] = this.gradients + bytes * offset;
        memory.view(placed.at[name], values.length).set(isTransposed(layer, name) ? transposed(values, shape[0], shape[1]) : values);
        offset += values.length;
      }
      for (const [name, { values }] of Object.entries(layer.statistics)) placed.at[name] = memory.put(values);
      return placed;
    });
    memory.view(this.gradients, this.count).fill(0);
    this.start = memory.mark; // of arrays of a pass
  }

  /** Whether the first layer computes with bytes, of which many are 0, faster than with numbers. */
  get takesBytes() {
    const first = this.network.layers.find(({ type }) => !IDENTITY.has(type));
    return this.network.forBytes && first?.type === "Dense";
  }

  /**
   * Put raw values of n examples (n, I) into memory: scaled, or as bytes for a layer that takes these.
   * @param {boolean} differentiable  whether dx is computed, which bytes do not have
   */
  put(raw, n, differentiable = false) {
    const { memory, network } = this;
    if (this.takesBytes && raw instanceof Uint8Array && !differentiable) return { x: memory.put(raw, Uint8Array), n, bytes: true };
    const x = memory.put(network.scaled(raw, memory.Reals));
    return { x: network.inputShape.length > 1 ? transpose(memory, x, n, size(network.inputShape)) : x, n, bytes: false };
  }

  /**
   * Compute the layers.
   * @param {{x: number, n: number, bytes: boolean}} inputs  as of `put`
   * @returns {{layers: {y: number, argmax?: number, backward: (dy: number) => number}[], y: number,
   *   backward: (dy: number) => number}}  addresses: the output of each layer, the logits, and dx of dlogits
   */
  forward({ x, n, bytes }) {
    let y = x;
    const layers = this.layers.map((layer) => {
      const found = LAYERS[layer.type].forward(this.memory, layer, y, n, bytes);
      if (layer.type === "Dense") bytes = false;
      y = found.y;
      return found;
    });
    return { layers, y, backward: (dy) => layers.reduceRight((slope, { backward }) => backward(slope), dy) };
  }

  /** Copies of the parameters, or of their gradients, as in files: per layer {name: {shape, values}}. */
  copies(where = "at") {
    return this.layers.map((layer) => {
      const copies = Object.entries(layer.parameters).map(([name, { shape, values }]) => {
        const found = this.memory.read(layer[where][name], values.length);
        return [name, { shape, values: isTransposed(layer, name) ? transposed(found, shape[1], shape[0]) : found }];
      });
      return Object.fromEntries(copies);
    });
  }

  /** Release the arrays of earlier passes. */
  reset() {
    this.memory.release(this.start);
  }
}
