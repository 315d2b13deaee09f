// Shapes of one example, e.g. [1, 28, 28].

/** The number of values of a shape. */
export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

export function same(shape, other) {
  return shape.length === other.length && shape.every((side, axis) => side === other[axis]);
}
