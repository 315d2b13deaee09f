/* Losses of logits, with their derivatives. */

/* losses[n] = log sum over j of exp x[n, j] - sum over j of t[j] x[n, j] and dlogits = softmax(x) - t, where the
target t is (1 - smoothing) at the label, plus smoothing / C everywhere; x and dlogits are (N, C), labels (N,) from 0
to C - 1. Returns the number of labels that are out of range; they count as class 0. */
EXPORT size NAME(softmax_cross_entropy)(size n, size classes, const real *x, const int64_t *labels,
                                        double smoothing, real *losses, real *dlogits) {
    const real at_label = (real)(1 - smoothing), everywhere = (real)(smoothing / (double)classes);
    size wrong = 0;
    vec scores[MOST_CLASSES];
    for (size first = 0; first < n; first += LANES) {
        size count = smaller(LANES, n - first), label[LANES];
        read_scores(count, classes, x + first * classes, scores);
        vec target = splat(0), total = splat(0), sum = splat(0);
        for (size k = 0; k < count; k++) {
            label[k] = labels[first + k];
            if (label[k] < 0 || label[k] >= classes) label[k] = 0, wrong++;
            target[k] = scores[label[k]][k];
        }
        for (size c = 0; c < classes; c++) {
            total += scores[c];
            sum += scores[c] = exponential(scores[c]);
        }
        vec loss = logarithm(sum) - at_label * target;
        if (smoothing > 0) loss -= everywhere * total; /* without, a logit of -infinity is harmless */
        for (size c = 0; c < classes; c++) scores[c] = scores[c] / sum - everywhere;
        for (size k = 0; k < count; k++) {
            scores[label[k]][k] -= at_label;
            losses[first + k] = loss[k];
        }
        write_scores(count, classes, scores, dlogits + first * classes);
    }
    return wrong;
}

/* log(1 + x) for x from 0 to 1: 2 (s + s^3/3 + s^5/5 + ...) with s = x / (2 + x). */
INLINE vec logarithm_of_1_plus(vec x) {
    const vec s = x / (2 + x), square = s * s;
    vec y = splat(0);
#pragma clang loop unroll(full)
    for (int odd = IS_FLOAT ? 15 : 31; odd > 0; odd -= 2) y = y * square + splat((real)1 / odd);
    return 2 * s * y;
}

enum { SOFTMAX, BINARY, SQUARED, HUBER };

/* Means of losses over the outputs of each example, losses (N,), and their derivatives: x, targets t and dx are (N, O). */
INLINE void mean_losses(size kind, size n, size outputs, const real *x, const real *t, real delta, real *losses,
                        real *dx) {
    const vec share = splat((real)(1.0 / (double)outputs)), twice = splat((real)(2.0 / (double)outputs));
    size row = 0, column = 0;
    memset(losses, 0, (size_t)n * sizeof(real));
    for (size first = 0; first < n * outputs; first += LANES) {
        const size count = smaller(LANES, n * outputs - first);
        vec v = splat(0), target = splat(0), loss, d;
        if (count == LANES) v = load(x + first), target = load(t + first);
        else
            for (size k = 0; k < count; k++) v[k] = x[first + k], target[k] = t[first + k];
        const vec difference = v - target;
        if (kind == BINARY) {
            const vec small = exponential(select(v < 0, v, -v));
            loss = select(v < 0, splat(0), v) + logarithm_of_1_plus(small) - target * v;
            d = (select(v < 0, small, splat(1)) / (1 + small) - target) * share;
        } else if (kind == SQUARED) {
            loss = difference * difference;
            d = difference * twice;
        } else {
            vec limited = select(difference > delta, splat(delta), difference);
            limited = select(difference < -delta, splat(-delta), limited);
            loss = limited * (difference - limited / 2);
            d = limited * share;
        }
        loss *= share;
        if (count == LANES) store(dx + first, d);
        for (size k = 0; k < count; k++) {
            if (count < LANES) dx[first + k] = d[k];
            losses[row] += loss[k];
            if (++column == outputs) row++, column = 0;
        }
    }
}

/* loss = log(1 + exp x) - t x for t that is 0 or 1, d = sigmoid x - t */
EXPORT void NAME(binary_cross_entropy)(size n, size outputs, const real *x, const real *t, real *losses, real *dx) {
    mean_losses(BINARY, n, outputs, x, t, 0, losses, dx);
}

/* loss = (x - t)^2, d = 2 (x - t) */
EXPORT void NAME(squared_error)(size n, size outputs, const real *x, const real *t, real *losses, real *dx) {
    mean_losses(SQUARED, n, outputs, x, t, 0, losses, dx);
}

/* d = x - t, limited to delta; loss = d (x - t - d / 2) */
EXPORT void NAME(huber)(size n, size outputs, const real *x, const real *t, double delta, real *losses, real *dx) {
    mean_losses(HUBER, n, outputs, x, t, (real)delta, losses, dx);
}

/* Return the number of examples whose label has the largest logit; of equal ones the first counts. */
EXPORT size NAME(count_correct)(size n, size classes, const real *logits, const int64_t *labels) {
    size correct = 0;
    for (size row = 0; row < n; row++) {
        const real *x = logits + row * classes;
        const size label = labels[row];
        if (label < 0 || label >= classes) continue;
        int32_t larger = 0;
        for (size c = 0; c < label; c++) larger += !(x[c] < x[label]);
        for (size c = label + 1; c < classes; c++) larger += x[c] > x[label];
        correct += !larger;
    }
    return correct;
}
