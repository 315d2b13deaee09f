/* A network with one hidden layer, relu(x w1 + b1) w2 + b2, of up to NARROW classes, in one call.

It calls the kernels of its layers on a tile of examples at a time, so that everything between them stays in the cache
and a small step costs no more than its arithmetic. x holds bytes where `bytes` is not 0, else real numbers. */

/* Add to the gradients of the sum over the examples of loss times weight (1 where weights is NULL) times share, and to
loss (a double); return the number of correct predictions, or -1 - the number of labels out of range. The loss is one of
losses.c by its number, and `number` its smoothing or delta; targets are labels (N,), or real numbers (N, C). scratch:
TILE (2 H + 2 C + 1) numbers, and what the kernels of both layers take. */
EXPORT size NAME(mlp_gradient)(size n, size inputs, size hidden, size classes, size bytes, const void *x, size kind,
                               double number, const void *targets, const real *weights, const real *w1,
                               const real *b1, const real *w2, const real *b2, real *dw1, real *db1, real *dw2,
                               real *db2, double share, double *loss, real *scratch) {
    real *y = scratch, *dy = y + TILE * hidden, *logits = dy + TILE * hidden, *dlogits = logits + TILE * classes,
         *losses = dlogits + TILE * classes, *rest = losses + TILE;
    size correct = 0, wrong = 0;
    for (size k = 0; kind == SOFTMAX && k < n; k++) {
        const int64_t label = ((const int64_t *)targets)[k];
        wrong += label < 0 || label >= classes;
    }
    if (wrong) return -1 - wrong; /* and the gradients are as they were */
    for (size first = 0; first < n; first += TILE) {
        const size count = smaller(TILE, n - first);
        const uint8_t *pixels = (const uint8_t *)x + first * inputs;
        const real *numbers = (const real *)x + first * inputs;
        if (bytes) NAME(dense_bytes)(count, inputs, hidden, pixels, w1, b1, y, rest);
        else NAME(dense)(count, inputs, hidden, numbers, w1, b1, y, rest);
        NAME(relu)(count * hidden, y, y);
        NAME(dense)(count, hidden, classes, y, w2, b2, logits, rest);
        const int64_t *labels = (const int64_t *)targets + first;
        const real *t = (const real *)targets + first * classes;
        if (kind == SOFTMAX) {
            NAME(softmax_cross_entropy)(count, classes, logits, labels, number, losses, dlogits);
            correct += NAME(count_correct)(count, classes, logits, labels);
        } else if (kind == BINARY) {
            NAME(binary_cross_entropy)(count, classes, logits, t, losses, dlogits);
            for (size k = 0; k < count * classes; k++) correct += (logits[k] > 0) == (t[k] > 0);
        } else if (kind == SQUARED) NAME(squared_error)(count, classes, logits, t, losses, dlogits);
        else NAME(huber)(count, classes, logits, t, number, losses, dlogits);
        for (size k = 0; weights && k < count; k++) {
            losses[k] *= weights[first + k];
            for (size c = 0; c < classes; c++) dlogits[k * classes + c] *= weights[first + k];
        }
        for (size k = 0; k < count; k++) *loss += (double)losses[k] * share;
        for (size k = 0; k < count * classes; k++) dlogits[k] *= (real)share;
        NAME(dense_backward)(count, hidden, classes, dlogits, y, w2, dw2, db2, dy, rest);
        NAME(relu_backward)(count * hidden, dy, y, dy); /* y > 0 where its input is */
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

#define LINE 64

/* One update of parameters by the rule of a number, with constants as the functions in optimizers.c take them. */
INLINE void update(size rule, size count, real *w, const real *g, real *m, real *s, const double *c) {
    if (rule == 0) NAME(sgd)(count, w, g, c[0]);
    else if (rule == 1) NAME(momentum)(count, w, g, m, c[0], c[1]);
    else if (rule == 2) NAME(nesterov)(count, w, g, m, c[0], c[1]);
    else if (rule == 3) NAME(rmsprop)(count, w, g, m, c[0], c[1], c[2]);
    else NAME(adam)(count, w, g, m, s, c[0], c[1], c[2], c[3], c[4]);
}

/* Take the steps of a training, whose batches are `batch` by `batch` of the `count` rows that follow, and stop before a
loss that is not finite, or a row or label out of range; return the number of steps. x, targets, and weights (NULL: all 1)
are those of all examples, and the loss as in mlp_gradient. w and g hold all parameters and their gradients: w1 b1 w2 b2.
Each step has some numbers as constants, first the factor of w for its decay and then those of the rule, and gets one of
losses and correct. scratch: `batch` targets, weights and examples, LINE bytes, and what mlp_gradient takes. */
EXPORT size NAME(mlp_steps)(size count, size batch, const int64_t *rows, size examples, size inputs, size hidden,
                            size classes, size bytes, const void *x, size kind, double number, const void *targets,
                            const real *weights, real *w, real *g, size rule, real *m, real *s, size numbers,
                            const double *constants, double *losses, int64_t *correct, void *scratch) {
    const size width = inputs * (bytes ? 1 : (size)sizeof(real)), second = (inputs + 1) * hidden;
    const size each = kind == SOFTMAX ? (size)sizeof(int64_t) : classes * (size)sizeof(real);
    const size parameters = second + (hidden + 1) * classes;
    uint8_t *ts = scratch, *xs = ts + batch * (each + (size)sizeof(real));
    real *ws = (real *)(ts + batch * each), *rest = (real *)(ts + (xs + batch * width - ts + LINE - 1) / LINE * LINE);
    size step = 0;
    for (; count > 0; count -= batch, rows += batch, constants += numbers, step++) {
        const size n = smaller(batch, count);
        for (size k = 0; k < n; k++) {
            if (rows[k] < 0 || rows[k] >= examples) return step;
            memcpy(xs + k * width, (const uint8_t *)x + rows[k] * width, (size_t)width);
            memcpy(ts + k * each, (const uint8_t *)targets + rows[k] * each, (size_t)each);
            ws[k] = weights ? weights[rows[k]] : 1;
        }
        memset(g, 0, (size_t)parameters * sizeof(real));
        losses[step] = 0;
        correct[step] = NAME(mlp_gradient)(
            n, inputs, hidden, classes, bytes, xs, kind, number, ts, weights ? ws : 0, w, w + inputs * hidden,
            w + second, w + parameters - classes, g, g + inputs * hidden, g + second, g + parameters - classes,
            1.0 / (double)n, losses + step, rest);
        if (correct[step] < 0 || !__builtin_isfinite(losses[step])) return step;
        for (size i = 0; constants[0] != 1 && i < parameters; i++) w[i] *= (real)constants[0];
        update(rule, parameters, w, g, m, s, constants + 1);
    }
    return step;
}
