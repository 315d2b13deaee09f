/* What the kernels need of string.h, for Windows: runtime.c has it, so that zig need not compile a C library. */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
