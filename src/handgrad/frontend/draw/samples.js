// Ten sample digits, written by hand.

const WRITTEN = {
  0: "50,18 36,22 28,36 26,52 30,68 40,80 52,81 64,74 71,60 72,46 68,30 60,20 50,18",
  1: "54,18 53,34 51,50 49,66 48,82",
  2: "30,34 34,24 44,18 56,19 65,27 65,38 58,50 46,63 32,79 42,78 54,78 70,79",
  3: "32,26 40,19 52,18 62,23 64,33 58,42 47,47 58,50 67,58 67,69 59,79 46,82 34,78 29,72",
  4: "46,18 41,30 35,42 28,55 40,56 54,55 72,53 / 60,34 59,46 58,58 57,70 57,83",
  5: "66,20 54,20 40,21 38,32 36,44 46,41 57,43 66,51 67,63 61,75 49,82 36,80 29,74",
  6: "60,18 48,25 38,38 33,54 34,68 42,79 54,81 64,74 67,64 61,55 50,53 40,58 35,66",
  7: "28,22 40,22 54,21 70,20 63,34 56,48 50,62 45,83",
  8: "63,26 54,18 43,19 37,27 40,37 49,46 59,56 63,67 59,78 49,83 39,78 36,67 41,56 50,47 60,37 63,26",
  9: "65,32 57,21 46,19 37,26 35,37 41,46 52,47 61,41 65,31 65,44 62,58 58,70 53,83",
};

/** The strokes of a digit: smooth curves through the points above. */
export function sample(digit) {
  const points = (stroke) =>
    stroke
      .trim()
      .split(" ")
      .map((pair) => pair.split(",").map((number) => number / 100));
  return WRITTEN[digit].split("/").map((stroke) => smooth(points(stroke)));
}

/** Points on a Catmull-Rom curve (Catmull and Rom 1974) through `points`, eight per segment. */
function smooth(points) {
  const at = (k) => points[Math.min(points.length - 1, Math.max(0, k))];
  const path = [];
  for (let k = 0; k + 1 < points.length; k++) {
    for (let step = 0; step < 8; step++) {
      const t = step / 8;
      path.push([0, 1].map((axis) => curve(at(k - 1)[axis], at(k)[axis], at(k + 1)[axis], at(k + 2)[axis], t)));
    }
  }
  return [...path, points.at(-1)];
}

function curve(a, b, c, d, t) {
  return b + (t / 2) * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
