// The compiled kernels: those of the server, or those in an exported file, which are compressed.

import { fromBase64 } from "handgrad/elements.js";

/** @returns {Promise<ArrayBuffer>} kernels.wasm */
export async function kernelBytes() {
  const embedded = document.getElementById("kernels");
  if (embedded) {
    const packed = new Blob([fromBase64(embedded.textContent.trim())]).stream();
    return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }
  const response = await fetch("./static/kernels.wasm");
  if (!response.ok) throw new Error("the server has no kernels.wasm: reinstall handgrad");
  return response.arrayBuffer();
}
