/* What a library for Windows, or a module of WebAssembly, needs when it is linked to no C library. */
#include "string.h"

typedef unsigned char block __attribute__((vector_size(16), aligned(1), may_alias));

void *memcpy(void *to, const void *from, size_t size) {
    unsigned char *y = to;
    const unsigned char *x = from;
    for (; size >= sizeof(block); size -= sizeof(block), x += sizeof(block), y += sizeof(block))
        *(block *)y = *(const block *)x;
    while (size--) *y++ = *x++;
    return to;
}

void *memset(void *to, int byte, size_t size) {
    unsigned char *y = to;
    const block bytes = (unsigned char)byte - (block){0};
    for (; size >= sizeof(block); size -= sizeof(block), y += sizeof(block)) *(block *)y = bytes;
    while (size--) *y++ = (unsigned char)byte;
    return to;
}

#ifdef _WIN32
int DllMainCRTStartup(void *library, unsigned reason, void *reserved) {
    (void)library, (void)reason, (void)reserved;
    return 1;
}

/* Touch every page of a frame of rax bytes, in order, as Windows requires of frames that are larger than a page. */
__asm__(".globl ___chkstk_ms\n"
        "___chkstk_ms:\n"
        "  push %rcx\n  push %rax\n  lea 24(%rsp), %rcx\n"
        "1: cmp $0x1000, %rax\n  jbe 2f\n"
        "  sub $0x1000, %rcx\n  testq %rcx, (%rcx)\n  sub $0x1000, %rax\n  jmp 1b\n"
        "2: sub %rax, %rcx\n  testq %rcx, (%rcx)\n"
        "  pop %rax\n  pop %rcx\n  ret\n");
#endif
