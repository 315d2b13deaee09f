/* handgrad.h: a neural network in C99, written by $library.

   $inputs inputs, $outputs $nouns, $parameters parameters, weights as $kind.

       $returns handgrad_predict(const $input *input, float *$values)

   takes HANDGRAD_INPUTS values as the data set has them ($example) and writes
   $meaning.
   The names are in handgrad_${noun}_names. It needs $stack bytes of stack, keeps no state, and allocates nothing.
   Include this file in one source file, and link with -lm.

   Images are stored channel by channel, row by row. */

#ifndef HANDGRAD_H
#define HANDGRAD_H

#include <math.h>

#define HANDGRAD_INPUTS $inputs
#define HANDGRAD_$count $outputs

${features}static const char *const handgrad_${noun}_names[HANDGRAD_$count] = {
    $names
};

typedef $weight handgrad_weight;

/* Scale bytes from 0 to 255 to 0 to 1. */
static inline void handgrad_scale_bytes(const unsigned char *x, int count, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = (float)x[i] / 255.0f;
}

/* Subtract the shift of each input and divide by its divisor; a missing number, NAN, becomes 0. */
static inline void handgrad_standardize(const float *x, const double *shift, const double *divisor, int count, float *y)
{
    for (int i = 0; i < count; i++)
        y[i] = x[i] == x[i] ? (float)(((double)x[i] - shift[i]) / divisor[i]) : 0.0f;
}

/* y[o] = sum of x[i] weights[i][o]. The outer loop is over inputs, since many are zero and are skipped. */
static inline void handgrad_dense(const float *x, const handgrad_weight *weights, int inputs, int outputs, float *y)
{
    for (int o = 0; o < outputs; o++)
        y[o] = 0.0f;
    for (int i = 0; i < inputs; i++, weights += outputs)
        if (x[i] != 0.0f)
            for (int o = 0; o < outputs; o++)
                y[o] += x[i] * (float)weights[o];
}

/* y[o] = sum of x[c] weights[o][c] over c and the kernel. The outer loop is over weights, the inner over the image. */
static inline void handgrad_convolution(const float *x, const handgrad_weight *weights, int channels, int height,
                                        int width, int outputs, int window, int stride, int padding, float *y)
{
    int rows = (height + 2 * padding - window) / stride + 1;
    int columns = (width + 2 * padding - window) / stride + 1;
    for (int i = 0; i < outputs * rows * columns; i++)
        y[i] = 0.0f;
    for (int o = 0; o < outputs; o++, y += rows * columns)
        for (int c = 0; c < channels; c++)
            for (int k = 0; k < window * window; k++) {
                float weight = (float)*weights++;
                int top = k / window - padding, left = k % window - padding;
                int first = 0, last = columns; /* columns inside the image */
                while (first < last && first * stride + left < 0)
                    first++;
                while (first < last && (last - 1) * stride + left >= width)
                    last--;
                for (int r = 0; r < rows; r++) {
                    int row = r * stride + top;
                    if (row >= 0 && row < height)
                        for (int q = first; q < last; q++)
                            y[r * columns + q] += weight * x[(c * height + row) * width + q * stride + left];
                }
            }
}

/* Add one number to each output, or channel of `area` pixels. */
static inline void handgrad_add(float *x, const float *starts, int channels, int area)
{
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < area; i++)
            *x++ += starts[c];
}

/* Multiply each output, or channel of `area` pixels, by one number, and add another. */
static inline void handgrad_affine(float *x, const float *slopes, const float *starts, int channels, int area)
{
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < area; i++, x++)
            *x = *x * slopes[c] + starts[c];
}

/* Compute the maximum of each window, in place. */
static inline void handgrad_max_pool(float *x, int channels, int height, int width, int window, int stride)
{
    float *y = x; /* never ahead of x */
    for (int c = 0; c < channels; c++, x += height * width)
        for (int r = 0; r + window <= height; r += stride)
            for (int q = 0; q + window <= width; q += stride) {
                float largest = x[r * width + q];
                for (int i = r; i < r + window; i++)
                    for (int j = q; j < q + window; j++)
                        if (x[i * width + j] > largest)
                            largest = x[i * width + j];
                *y++ = largest;
            }
}

/* Compute the mean of each window, in place. */
static inline void handgrad_average_pool(float *x, int channels, int height, int width, int window, int stride)
{
    float *y = x; /* never ahead of x */
    for (int c = 0; c < channels; c++, x += height * width)
        for (int r = 0; r + window <= height; r += stride)
            for (int q = 0; q + window <= width; q += stride) {
                float sum = 0.0f;
                for (int i = r; i < r + window; i++)
                    for (int j = q; j < q + window; j++)
                        sum += x[i * width + j];
                *y++ = sum / (float)(window * window);
            }
}

/* Compute the maximum of every `pieces` adjacent outputs, or channels of `area` pixels, in place. */
static inline void handgrad_maxout(float *x, int outputs, int pieces, int area)
{
    for (int o = 0; o < outputs; o++)
        for (int i = 0; i < area; i++) {
            float largest = x[o * pieces * area + i];
            for (int k = 1; k < pieces; k++)
                if (x[(o * pieces + k) * area + i] > largest)
                    largest = x[(o * pieces + k) * area + i];
            x[o * area + i] = largest;
        }
}

static inline void handgrad_relu(float *x, int count)
{
    for (int i = 0; i < count; i++)
        x[i] = x[i] > 0.0f ? x[i] : 0.0f;
}

static inline void handgrad_leaky_relu(float *x, int count, float slope)
{
    for (int i = 0; i < count; i++)
        x[i] = x[i] > 0.0f ? x[i] : slope * x[i];
}

static inline void handgrad_tanh(float *x, int count)
{
    for (int i = 0; i < count; i++)
        x[i] = tanhf(x[i]);
}

static inline void handgrad_sigmoid(float *x, int count)
{
    for (int i = 0; i < count; i++)
    {
        float power = expf(-fabsf(x[i]));
        x[i] = (x[i] < 0.0f ? power : 1.0f) / (1.0f + power);
    }
}

static inline void handgrad_gelu(float *x, int count)
{
    for (int i = 0; i < count; i++)
        x[i] = 0.5f * x[i] * (1.0f + tanhf(0.7978845608f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

/* Return the index of the largest logit, and write the softmax of all to `probabilities` unless it is NULL. */
static inline int handgrad_decide(const float *logits, int classes, float *probabilities)
{
    int best = 0;
    float sum = 0.0f;
    for (int c = 1; c < classes; c++)
        if (logits[c] > logits[best])
            best = c;
    if (probabilities) {
        for (int c = 0; c < classes; c++)
            sum += probabilities[c] = expf(logits[c] - logits[best]);
        for (int c = 0; c < classes; c++)
            probabilities[c] /= sum;
    }
    return best;
}

$arrays
static inline $returns handgrad_predict(const $input *input, float *$values)
{
    float $buffers;
    $calls
}

#endif
