// Shapes of one example, such as [1, 28, 28].

/** How many values a shape has. */
export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

/** Whether two shapes are the same. */
export function same(shape, other) {
  return shape.length === other.length && shape.every((side, axis) => side === other[axis]);
}

/** Whether a value, read from JSON, is a shape: at least one side, each a whole number from 1. */
export function isShape(value) {
  return Array.isArray(value) && value.length > 0 && value.every((side) => Number.isSafeInteger(side) && side >= 1);
}
