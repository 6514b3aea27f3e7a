// Where a program without a C library begins: `start` gets the stack as the kernel has made it, which is argc, argv, NULL, envp,
// NULL, auxv. A function expects it 16 bytes aligned.
#ifndef RINGMASTER_START_H
#define RINGMASTER_START_H

_Noreturn void start(char **stack);

#if defined(__x86_64__)
__asm__(".text\n.globl _start\n.type _start, @function\n_start:\n"
        "  xorl %ebp, %ebp\n  movq %rsp, %rdi\n  andq $-16, %rsp\n  call start\n  hlt\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl _start\n.type _start, %function\n_start:\n"
        "  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  and sp, x0, #-16\n  bl start\n  brk #0\n");
#endif

#endif
