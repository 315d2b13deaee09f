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
