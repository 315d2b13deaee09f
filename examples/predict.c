/* Predict the digit in a file: a PGM image of 28×28 pixels, or 784 raw bytes, light on dark as in MNIST.

       handgrad export runs/mlp digits.h
       cc -std=c99 -O2 -I. examples/predict.c -o predict -lm
       ./predict digit.pgm
*/

#include <ctype.h>
#include <stdio.h>

#include "digits.h"

/* Return the next number in the header of a PGM file, after spaces and comments; -1 where there is none. */
static int read_number(FILE *file)
{
    int next = fgetc(file), number = -1;
    while (next == '#' || isspace(next)) {
        if (next == '#')
            while (next != '\n' && next != EOF)
                next = fgetc(file);
        next = fgetc(file);
    }
    for (; isdigit(next) && number < 10000; next = fgetc(file))
        number = (number < 0 ? 0 : 10 * number) + (next - '0');
    return number; /* the byte after it is read, too */
}

/* Read `pixels` from a file; return 0 where it contains something else. */
static int read_pixels(const char *path, unsigned char *pixels)
{
    FILE *file = fopen(path, "rb");
    int fits = 1;
    if (!file)
        return 0;
    if (fgetc(file) == 'P' && fgetc(file) == '5') {
        int width = read_number(file), height = read_number(file), white = read_number(file);
        fits = width > 0 && height > 0 && width * height == DIGITS_INPUTS && white == 255;
    } else {
        rewind(file);
    }
    fits = fits && fread(pixels, 1, DIGITS_INPUTS, file) == DIGITS_INPUTS && fgetc(file) == EOF;
    fclose(file);
    return fits;
}

int main(int argc, char **argv)
{
    unsigned char pixels[DIGITS_INPUTS];
    float probabilities[DIGITS_CLASSES];
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    if (!read_pixels(argv[1], pixels)) {
        fprintf(stderr, "%s is neither a PGM image of %d pixels nor that number of bytes\n", argv[1], DIGITS_INPUTS);
        return 1;
    }
    int best = digits_predict(pixels, probabilities);
    for (int c = 0; c < DIGITS_CLASSES; c++)
        printf("%s  %6.2f %%%s\n", digits_class_names[c], 100.0 * probabilities[c], c == best ? "  <-" : "");
    return 0;
}
