// From numbers to colours, and to small pictures. All scales are legible by lightness alone.

/** Of numbers with a sign: dark speaks against, grey does not matter, light speaks for; the hue says it once more. */
const STOPS = [
  [-1, 56, 18, 4],
  [-0.5, 134, 68, 34],
  [0, 128, 128, 128],
  [0.5, 158, 194, 236],
  [1, 246, 250, 255],
];

/** The same scale in CSS, for legends. */
export const SCALE = STOPS.map(([, ...colour]) => `rgb(${colour.join(" ")})`);

const SIGNED = new Uint32Array(257); // -1 to 1, as RGBA in the memory order of ImageData
const GREY = new Uint32Array(256);

for (let k = 0; k < SIGNED.length; k++) {
  const value = (k - 128) / 128;
  const upper = Math.max(1, STOPS.findIndex(([at]) => at >= value));
  const [low, high] = [STOPS[upper - 1], STOPS[upper]];
  const share = (value - low[0]) / (high[0] - low[0]);
  SIGNED[k] = pack(...[1, 2, 3].map((channel) => low[channel] + share * (high[channel] - low[channel])));
}
for (let k = 0; k < GREY.length; k++) GREY[k] = pack(k, k, k);

function pack(red, green, blue) {
  return (255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red);
}

/** The colour of a number between -1 and 1. */
export function signed(value) {
  return SIGNED[Math.round(Math.min(1, Math.max(-1, value)) * 128) + 128];
}

/** The colour of a number between 0 (black) and 1 (white). */
export function grey(value) {
  return GREY[Math.round(Math.min(1, Math.max(0, value)) * 255)];
}

/** The largest absolute value; 1 where all are 0, so that one can divide by it. */
export function largest(values) {
  let most = 0;
  for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most || 1;
}

/** A small picture on a canvas of its own, a pixel a number, given by `shade(index)`. */
export function picture(width, height, shade) {
  const canvas = new OffscreenCanvas(width, height);
  paint(canvas, shade);
  return canvas;
}

/** Fill a canvas, a pixel a number. */
export function paint(canvas, shade) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let k = 0; k < pixels.length; k++) pixels[k] = shade(k);
  context.putImageData(image, 0, 0);
}

/** Give a canvas as many pixels as the screen has there, and a context in CSS pixels. */
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
