// Numbers as colours, and small images. Both colour scales are legible by lightness alone.

/** Signed numbers: dark negative, grey zero, light positive, and a hue for each sign. */
const STOPS = [
  [-1, 56, 18, 4],
  [-0.5, 134, 68, 34],
  [0, 128, 128, 128],
  [0.5, 158, 194, 236],
  [1, 246, 250, 255],
];

/** The signed scale in CSS, for legends. */
export const SCALE = STOPS.map(([, ...colour]) => `rgb(${colour.join(" ")})`);

const SIGNED = new Uint32Array(257); // −1 to 1, as RGBA in the memory order of ImageData
for (let k = 0; k < SIGNED.length; k++) {
  const value = (k - 128) / 128;
  const upper = Math.max(1, STOPS.findIndex(([at]) => at >= value));
  const [low, high] = [STOPS[upper - 1], STOPS[upper]];
  const share = (value - low[0]) / (high[0] - low[0]);
  SIGNED[k] = pack(...[1, 2, 3].map((channel) => low[channel] + share * (high[channel] - low[channel])));
}
const GREY = Uint32Array.from({ length: 256 }, (_, k) => pack(k, k, k));

function pack(red, green, blue) {
  return (255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red);
}

/** The packed colour of a number from −1 to 1. */
export function signed(value) {
  return SIGNED[Math.round(Math.min(1, Math.max(-1, value)) * 128) + 128];
}

/** The packed colour of a number from 0 (black) to 1 (white). */
export function grey(value) {
  return GREY[Math.round(Math.min(1, Math.max(0, value)) * 255)];
}

/** A packed colour in CSS. */
export function css(colour) {
  return `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
}

/** The largest absolute value, or 1 where all are 0, to divide by. */
export function largest(values) {
  let most = 0;
  for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most || 1;
}

/** A new canvas with one pixel per number, in the colour `colourOf(index)`. */
export function image(width, height, colourOf) {
  const canvas = new OffscreenCanvas(width, height);
  paint(canvas, colourOf);
  return canvas;
}

/** Weights as an image, scaled by the largest. */
export function weightImage(weights, width, height) {
  const most = largest(weights);
  return image(width, height, (k) => signed(weights[k] / most));
}

/** Fill a canvas, one pixel per number. */
export function paint(canvas, colourOf) {
  const context = canvas.getContext("2d");
  const data = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(data.data.buffer);
  for (let k = 0; k < pixels.length; k++) pixels[k] = colourOf(k);
  context.putImageData(data, 0, 0);
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
