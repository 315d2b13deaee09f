/* A network with one hidden layer, relu(x w1 + b1) w2 + b2, of up to NARROW classes, in one call.

It calls the kernels of its layers on a tile of examples at a time, so that everything between them stays in the cache
and a small step costs no more than its arithmetic. x holds bytes where `bytes` is not 0, else real numbers. */

/* Add to the gradients of the sum over the examples of loss times share, and to loss (a double); return the number of
correct predictions, or -1 - the number of labels out of range. scratch: TILE (3 H + 2 C + 1)
numbers, and what the kernels of both layers take. */
EXPORT size NAME(mlp_gradient)(size n, size inputs, size hidden, size classes, size bytes, const void *x,
                               const int64_t *labels, const real *w1, const real *b1, const real *w2, const real *b2,
                               real *dw1, real *db1, real *dw2, real *db2, double smoothing, double share, double *loss,
                               real *scratch) {
    real *z = scratch, *y = z + TILE * hidden, *dy = y + TILE * hidden, *logits = dy + TILE * hidden,
         *dlogits = logits + TILE * classes, *losses = dlogits + TILE * classes, *rest = losses + TILE;
    size correct = 0, wrong = 0;
    for (size k = 0; k < n; k++) wrong += labels[k] < 0 || labels[k] >= classes;
    if (wrong) return -1 - wrong; /* and the gradients are as they were */
    for (size first = 0; first < n; first += TILE) {
        const size count = smaller(TILE, n - first);
        const uint8_t *pixels = (const uint8_t *)x + first * inputs;
        const real *numbers = (const real *)x + first * inputs;
        if (bytes) NAME(dense_bytes)(count, inputs, hidden, pixels, w1, b1, z, rest);
        else NAME(dense)(count, inputs, hidden, numbers, w1, b1, z, rest);
        NAME(relu)(count * hidden, z, y);
        NAME(dense)(count, hidden, classes, y, w2, b2, logits, rest);
        NAME(softmax_cross_entropy)(count, classes, logits, labels + first, smoothing, losses, dlogits);
        correct += NAME(count_correct)(count, classes, logits, labels + first);
        for (size k = 0; k < count; k++) *loss += (double)losses[k] * share;
        for (size k = 0; k < count * classes; k++) dlogits[k] *= (real)share;
        NAME(dense_backward)(count, hidden, classes, dlogits, y, w2, dw2, db2, dy, rest);
        NAME(relu_backward)(count * hidden, dy, z, dy);
        if (bytes) NAME(dense_bytes_backward)(count, inputs, hidden, dy, pixels, dw1, db1, rest);
        else NAME(dense_backward)(count, inputs, hidden, dy, numbers, w1, dw1, db1, 0, rest);
    }
    return correct;
}

/* Compute the logits (N, C), and the class with the largest one of each example. scratch: (TILE, H) numbers, and what
the kernels of both layers take. */
EXPORT void NAME(mlp)(size n, size inputs, size hidden, size classes, size bytes, const void *x, const real *w1,
                      const real *b1, const real *w2, const real *b2, real *logits, int64_t *predicted, real *scratch) {
    real *z = scratch, *rest = z + TILE * hidden;
    for (size first = 0; first < n; first += TILE) {
        const size count = smaller(TILE, n - first);
        if (bytes) NAME(dense_bytes)(count, inputs, hidden, (const uint8_t *)x + first * inputs, w1, b1, z, rest);
        else NAME(dense)(count, inputs, hidden, (const real *)x + first * inputs, w1, b1, z, rest);
        NAME(relu)(count * hidden, z, z);
        NAME(dense)(count, hidden, classes, z, w2, b2, logits + first * classes, rest);
    }
    for (size row = 0; row < n; row++) {
        size best = 0;
        for (size c = 1; c < classes; c++)
            best = logits[row * classes + c] > logits[row * classes + best] ? c : best;
        predicted[row] = best;
    }
}
