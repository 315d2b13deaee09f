// Shapes of one example, e.g. [1, 28, 28].

/** The number of values of a shape. */
export const size = (shape) => shape.reduce((product, side) => product * side, 1);

export const same = (shape, other) => shape.length === other.length && shape.every((side, axis) => side === other[axis]);

/** The transpose (columns, rows) of an array (rows, columns). */
export function transposed(values, rows, columns) {
  const result = new values.constructor(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column];
  return result;
}
