// Data sets of images of 28×28 bytes: MNIST's IDX files, as the user drops them in.

import { SIDE } from "handgrad/model/framing.js";

/**
 * Read an IDX file, which may be compressed by gzip: "The MNIST database of handwritten digits" describes the format.
 * @param {Blob} file
 * @returns {Promise<{inputs: Uint8Array} | {labels: Uint8Array}>} images (N, 784), or labels (N)
 * @throws {Error} with one line
 */
export async function readIdx(file) {
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isPacked = start[0] === 0x1f && start[1] === 0x8b;
  const stream = isPacked ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const buffer = await new Response(stream).arrayBuffer().catch(() => null);
  if (!buffer || buffer.byteLength < 8) throw new Error("it is damaged or cut short; download it again");
  const header = new DataView(buffer);
  const kind = header.getUint32(0);
  if (kind !== 0x803 && kind !== 0x801) throw new Error("it is not an IDX file of images or labels, e.g. train-images-idx3-ubyte.gz");
  const count = header.getUint32(4);
  if (kind === 0x801) return { labels: bytes(buffer, 8, count) };
  if (header.getUint32(8) !== SIDE || header.getUint32(12) !== SIDE) throw new Error(`its images are not of ${SIDE}×${SIDE} pixels`);
  return { inputs: bytes(buffer, 16, count * SIDE * SIDE) };
}

function bytes(buffer, start, length) {
  if (buffer.byteLength < start + length || !length) throw new Error("it is cut short; download it again");
  return new Uint8Array(buffer, start, length);
}
