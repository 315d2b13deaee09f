// Numbers as colours, and small images.
//
// Signed numbers have one scale, centred on the paper: orange-brown is negative, blue positive, and the further from the
// paper's lightness, the larger. The colours are the tokens of style.css, of the scheme in use. Digits are ink on paper:
// black of any opacity, which style.css inverts for .ink in dark mode.

const DARK = matchMedia("(prefers-color-scheme: dark)");
const STEPS = 128; // of each sign

/** @type {Uint32Array|null} */
let table = null;
DARK.addEventListener("change", () => (table = null));

/** Call `draw` after each change between light and dark. */
export const onScheme = (draw) => DARK.addEventListener("change", draw);

/** A token of style.css, e.g. "--ink". */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function build() {
  const stops = ["--negative-strong", "--negative-soft", "--paper", "--positive-soft", "--positive-strong"].map(channels);
  return Uint32Array.from({ length: 2 * STEPS + 1 }, (_, k) => {
    const low = Math.min(3, Math.floor((2 * k) / STEPS));
    return pack(...stops[low].map((value, channel) => value + ((2 * k) / STEPS - low) * (stops[low + 1][channel] - value)));
  });
}

/** The red, green and blue of a token, such as #1f4e8c. */
export const channels = (name) => [1, 3, 5].map((at) => parseInt(token(name).slice(at, at + 2), 16));

/** RGBA in the memory order of ImageData. */
export const pack = (red, green, blue, alpha = 255) =>
  ((Math.round(alpha) << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;

/** A packed colour between two others. */
export function mix(from, to, share) {
  const between = (shift) => ((from >> shift) & 255) + share * (((to >> shift) & 255) - ((from >> shift) & 255));
  return pack(between(0), between(8), between(16));
}

/** The packed colour of a number from −1 to 1. */
export function signed(value) {
  table ??= build();
  return table[Math.round(Math.min(1, Math.max(-1, value)) * STEPS) + STEPS];
}

/** The packed colour of a number from 0 (paper) to 1 (ink), for canvases of the class ink. */
export const ink = (value) => pack(0, 0, 0, 255 * Math.min(1, Math.max(0, value)));

/** The largest absolute value, or 1 where all are 0, to divide by. */
export function largest(values) {
  let most = 0;
  for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most || 1;
}

/** A new canvas with one pixel per number, in the colour `colourOf(index)`. */
export const image = (width, height, colourOf) => paint(new OffscreenCanvas(width, height), colourOf);

/** Fill a canvas, one pixel per number, and return it. */
export function paint(canvas, colourOf) {
  const context = canvas.getContext("2d");
  const data = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(data.data.buffer);
  for (let k = 0; k < pixels.length; k++) pixels[k] = colourOf(k);
  context.putImageData(data, 0, 0);
  return canvas;
}

/** Give a canvas the resolution of the screen, and return a context in CSS pixels. */
export function sharp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  context.imageSmoothingEnabled = false;
  return context;
}
