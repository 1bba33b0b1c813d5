# From the BIOS to 64-bit mode with AVX-512 state enabled, then supervise() of supervisor.c. Everything runs in ring 0, interrupts
# stay off, the first GiB is mapped to itself. The image: this sector, 63 sectors of supervisor, the program.
    .code16
    .globl start
start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    movb $0x42, %ah              # the supervisor, 63 sectors to 0x10000
    movw $packet, %si
    int $0x13
    inb $0x92, %al               # A20
    orb $2, %al
    outb %al, $0x92
    cli
    movw $0x7000, %ax            # page tables at 0x70000: one PML4 entry, one PDPT entry, 512 pages of 2 MiB
    movw %ax, %es
    xorw %di, %di
    movw $0x1800, %cx
    xorw %ax, %ax
    rep stosw
    movl $0x71003, %es:0
    movl $0x72003, %es:0x1000
    movw $0x2000, %di
    movl $0x83, %eax
page:
    movl %eax, %es:(%di)
    addl $0x200000, %eax
    addw $8, %di
    cmpw $0x3000, %di
    jne page
    movl $0x70000, %eax
    movl %eax, %cr3
    movl $0x40620, %eax          # PAE, OSFXSR, OSXMMEXCPT, OSXSAVE
    movl %eax, %cr4
    movl $0xc0000080, %ecx       # EFER: long mode, syscall
    rdmsr
    orl $0x101, %eax
    wrmsr
    lgdt descriptor
    movl $0x80000003, %eax       # paging, monitor coprocessor, protected mode
    movl %eax, %cr0
    ljmp $8, $wide
    .code64
wide:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    fninit
    xorl %ecx, %ecx              # XCR0: x87, SSE, AVX and the three parts of AVX-512
    xorl %edx, %edx
    movl $0xe7, %eax
    xsetbv
    movl $0x60000, %esp
    movl $0x10000, %eax
    jmp *%rax
    .balign 8
gdt:
    .quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
descriptor:
    .word 23
    .long gdt
packet:
    .word 16, 63, 0, 0x1000
    .quad 1
    .org 510
    .word 0xaa55
