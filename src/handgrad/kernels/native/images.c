/* Images: sampling at displaced positions, and drawing with a round pen. */

/* Sample images (N, C, H, W) at displacements (N, 2, H, W), rows before columns, between pixels bilinearly; around an
image lies a background of 0. `padded` is scratch of (H + 3) (W + 3) numbers: an image with one pixel of background
before it and two behind, beyond which every position reads the same. */
EXPORT void NAME(warp)(size n, size channels, size height, size width, const real *images, const float *displacements,
                       real *warped, real *padded) {
    const size line = width + 3, pixels = height * width;
    const float lowest = (float)(height + 1), rightmost = (float)(width + 1);
    memset(padded, 0, (size_t)((height + 3) * line) * sizeof(real));
    for (size k = 0; k < n * channels; k++) {
        const real *image = images + k * pixels;
        const float *down = displacements + k / channels * 2 * pixels, *right = down + pixels;
        real *out = warped + k * pixels;
        for (size i = 0; i < height; i++)
            memcpy(padded + (i + 1) * line + 1, image + i * width, (size_t)width * sizeof(real));
        for (size i = 0; i < height; i++)
            for (size j = 0; j < width; j++) {
                float y = (float)(i + 1) + down[i * width + j], x = (float)(j + 1) + right[i * width + j];
                y = y > 0 ? y : 0, x = x > 0 ? x : 0; /* also where a displacement is NaN */
                y = y < lowest ? y : lowest, x = x < rightmost ? x : rightmost;
                const int32_t row = (int32_t)y, column = (int32_t)x;
                const real v = y - (float)row, u = x - (float)column;
                const real *corner = padded + row * line + column;
                const real a = corner[0], b = corner[1], c = corner[line], d = corner[line + 1];
                const real top = a + u * (b - a), bottom = c + u * (d - c);
                out[i * width + j] = top + v * (bottom - top);
            }
    }
}

/* Round to the nearest whole number, and halves to the even one. */
INLINE real nearest(real x) {
    const real magic = (real)(IS_FLOAT ? 0x1.8p23 : 0x1.8p52);
    return (x + magic) - magic;
}

/* Return the row or column that a position lies in, from 0 to side; 0 where it is NaN. */
INLINE size inside(real position, size side) {
    return position > 0 ? (position < (real)side ? (size)position : side) : 0;
}

/* Draw N images (N, S, S) of strokes: points (N, P, 2), x before y, radii (N, P), pen_down (N, P - 1), softness (N,).
A pixel at distance d from a segment of radius r is clip(1/2 + (r - d) / softness, 0, 1) light; only pixels near a
segment are visited. */
EXPORT void NAME(draw_strokes)(size n, size points_of_each, size side, const real *points, const real *radii,
                               const uint8_t *pen_down, const real *softness, uint8_t *images) {
#pragma clang fp contract(off) /* the same digits on every processor */
    memset(images, 0, (size_t)(n * side * side));
    for (size k = 0; k < n; k++) {
        const real half_edge = softness[k] / 2, scale = 255 / softness[k];
        for (size s = 0; s + 1 < points_of_each; s++) {
            if (!pen_down[k * (points_of_each - 1) + s]) continue;
            const real *p = points + 2 * (k * points_of_each + s), *radius = radii + k * points_of_each + s;
            const real x = p[0], y = p[1], dx = p[2] - x, dy = p[3] - y, r = radius[0], dr = radius[1] - r;
            const real squared = dx * dx + dy * dy, length2 = squared > (real)1e-12 ? squared : (real)1e-12;
            const real reach = (dr > 0 ? r + dr : r) + half_edge;
            const real left = (dx < 0 ? x + dx : x) - reach, right = (dx < 0 ? x : x + dx) + reach;
            const real top = (dy < 0 ? y + dy : y) - reach, bottom = (dy < 0 ? y : y + dy) + reach;
            for (size row = inside(top, side); row < inside(bottom + 1, side); row++)
                for (size column = inside(left, side); column < inside(right + 1, side); column++) {
                    const real v = (real)row + (real)0.5 - y, u = (real)column + (real)0.5 - x;
                    real t = (u * dx + v * dy) / length2;
                    t = t < 0 ? 0 : t > 1 ? 1 : t;
                    const real across = u - t * dx, along = v - t * dy;
                    const real distance = square_root(across * across + along * along);
                    const real light = scale * (half_edge + r + t * dr - distance);
                    uint8_t *pixel = images + (k * side + row) * side + column;
                    const uint8_t level = light > 0 ? light < 255 ? (uint8_t)nearest(light) : 255 : 0;
                    *pixel = level > *pixel ? level : *pixel;
                }
        }
    }
}
