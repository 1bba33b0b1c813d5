// A program's whole world on an emulated CPU: loads a static ELF file from the disk, answers the few system calls that a C++ program
// of one thread makes, writes to the serial port, and ends the machine. No files, no clock, no interrupts. BYTES is the file's length, CASES
// and SEED the program's arguments.
#include <stddef.h>
#include <stdint.h>

enum { kSector = 512, kProgram = 64, kFile = 0x10000000, kStackTop = 0xf800000, kMapped = 0x14000000, kEnd = 0x40000000 };

struct Elf {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t size, segmentSize, segmentCount;
};
struct Segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, fileSize, memorySize, align;
};

__attribute__((section(".first"), naked, used)) void begin(void) { __asm__("call supervise"); }

static void out(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static uint8_t in(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static void setRegister(uint32_t number, uint64_t value) {
    __asm__ volatile("wrmsr" ::"c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}
static void print(const char *text, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        while (!(in(0x3fd) & 0x20)) {}
        out(0x3f8, (uint8_t)text[i]);
    }
}
static void say(const char *text) {
    size_t length = 0;
    while (text[length]) ++length;
    print(text, length);
}
static void sayNumber(uint64_t value) {
    char digits[17] = {0};
    for (int i = 15; i >= 0; --i, value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
    say(digits);
}
// Bochs stops when this word is written to this port.
static __attribute__((noreturn)) void stop(void) {
    while (!(in(0x3fd) & 0x40)) {}
    for (const char *c = "Shutdown"; *c; ++c) out(0x8900, (uint8_t)*c);
    for (;;) __asm__ volatile("hlt");
}

static void copy(uint8_t *to, const uint8_t *from, size_t count) { __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory"); }
static void clear(uint8_t *to, size_t count) { __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory"); }

// Sectors of the first disk, by programmed input.
static void readDisk(uint32_t sector, uint32_t count, void *to) {
    for (; count > 0; --count, ++sector) {
        out(0x1f2, 1), out(0x1f3, (uint8_t)sector), out(0x1f4, (uint8_t)(sector >> 8)), out(0x1f5, (uint8_t)(sector >> 16));
        out(0x1f6, (uint8_t)(0xe0 | sector >> 24)), out(0x1f7, 0x20);
        while ((in(0x1f7) & 0x88) != 8) {}
        size_t words = kSector / 2;
        __asm__ volatile("rep insw" : "+D"(to), "+c"(words) : "d"((uint16_t)0x1f0) : "memory");
    }
}

static uint64_t heap, mapped = kMapped;

__attribute__((used)) static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c) {
    switch (number) {
    case 1: // write
        print((const char *)b, c);
        return (int64_t)c;
    case 20: { // writev
        int64_t total = 0;
        for (const uint64_t *v = (const uint64_t *)b; c > 0; --c, v += 2) print((const char *)v[0], v[1]), total += (int64_t)v[1];
        return total;
    }
    case 9: { // mmap: memory without a file, never reused
        const uint64_t at = mapped;
        if (b > kEnd - mapped) return -12;
        mapped += (b + 4095) & ~(uint64_t)4095;
        clear((uint8_t *)at, b);
        return (int64_t)at;
    }
    case 12: // brk
        if (a >= heap && a < kFile - 0x1000000) heap = a;
        return (int64_t)heap;
    case 158: // arch_prctl: the thread's base
        if (a != 0x1002) return -22;
        setRegister(0xc0000100, b);
        return 0;
    case 228: // clock_gettime: time stands still
        ((uint64_t *)b)[0] = ((uint64_t *)b)[1] = 0;
        return 0;
    case 318: // getrandom
        clear((uint8_t *)a, b);
        return (int64_t)b;
    case 60:
    case 231: // exit
        say("exit "), sayNumber(a), say("\n");
        stop();
    case 10:
    case 11:
    case 13:
    case 14:
    case 202:
    case 218:
    case 273:
        return 0; // mprotect, munmap, signals, futex, set_tid_address, set_robust_list: nothing to do in a program of one thread
    default: return -38; // not there
    }
}

// A system call arrives with the return address in rcx and the flags in r11, on the program's stack, whose red zone may be in use.
__attribute__((naked)) static void onCall(void) {
    __asm__("lea -128(%rsp), %rsp\n push %rcx\n push %r11\n push %rdi\n push %rsi\n push %rdx\n push %r8\n push %r9\n push %r10\n"
            "push %rbp\n mov %rsp, %rbp\n and $-16, %rsp\n cld\n mov %rdx, %rcx\n mov %rsi, %rdx\n mov %rdi, %rsi\n mov %rax, %rdi\n call call\n"
            "mov %rbp, %rsp\n pop %rbp\n pop %r10\n pop %r9\n pop %r8\n pop %rdx\n pop %rsi\n pop %rdi\n popfq\n pop %rcx\n lea 128(%rsp), %rsp\n jmp *%rcx");
}

__attribute__((used)) static void failed(const uint64_t *stack) {
    say("exception, stack:");
    for (int i = 0; i < 4; ++i) say(" "), sayNumber(stack[i]);
    say("\n");
    stop();
}
__attribute__((naked)) static void onException(void) { __asm__("mov %rsp, %rdi\n and $-16, %rsp\n call failed"); }

static uint64_t interrupts[64];

__attribute__((used)) void supervise(void) {
    out(0x3fb, 3); // serial port: 8 bits
    for (int i = 0; i < 32; ++i) {
        const uint64_t at = (uint64_t)onException;
        interrupts[2 * i] = (at & 0xffff) | 8 << 16 | (uint64_t)0x8e00 << 32 | (at >> 16 & 0xffff) << 48;
    }
    const struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } table = {sizeof interrupts - 1, (uint64_t)interrupts};
    __asm__ volatile("lidt %0" ::"m"(table));
    setRegister(0xc0000081, (uint64_t)8 << 32); // syscall: code segment, entry, flags to clear
    setRegister(0xc0000082, (uint64_t)onCall);
    setRegister(0xc0000084, 0x600);

    uint8_t *const file = (uint8_t *)kFile;
    readDisk(kProgram, (BYTES + kSector - 1) / kSector, file);
    const struct Elf *const elf = (const struct Elf *)file;
    const struct Segment *const segments = (const struct Segment *)(file + elf->segments);
    for (int i = 0; i < elf->segmentCount; ++i) {
        const struct Segment *const s = segments + i;
        if (s->type != 1) continue;
        copy((uint8_t *)s->address, file + s->offset, s->fileSize);
        clear((uint8_t *)s->address + s->fileSize, s->memorySize - s->fileSize);
        heap = (s->address + s->memorySize + 0xffff) & ~(uint64_t)0xffff;
    }

    // The stack of a new program: argument count, arguments, 0, environment, 0, auxiliary vector.
    static const char arguments[] = "csim\0" CASES "\0" SEED "\0" "1\0";
    static const char environment[] = "GLIBC_TUNABLES=glibc.malloc.mmap_max=0"; // all memory from the heap, which is reused
    static uint8_t random[16];
    uint64_t *stack = (uint64_t *)kStackTop, *at = stack + 1;
    stack[0] = 0;
    for (const char *text = arguments; *text; ++stack[0]) {
        *at++ = (uint64_t)text;
        while (*text++) {}
    }
    *at++ = 0, *at++ = (uint64_t)environment, *at++ = 0;
    const uint64_t vector[] = {3, (uint64_t)segments, 4, elf->segmentSize, 5, elf->segmentCount, 6, 4096, 9, elf->entry, 25, (uint64_t)random, 0, 0};
    for (size_t i = 0; i < sizeof vector / 8; ++i) *at++ = vector[i];
    __asm__ volatile("mov %0, %%rsp\n xor %%edx, %%edx\n jmp *%1" ::"c"(stack), "a"(elf->entry));
}
