// counts: counts what a process allocates and how often it counts references, for Benchmarks/media.
//   COUNTS=FILE [COUNTS_TRACE=FILE] LD_PRELOAD=counts.so PROGRAM
// FILE holds 64 counters of 64 bits, shared with whoever maps it; their order is that of COUNTED in kit.py. Every call is counted, whoever makes
// it: allocations in the wrappers below, references in stubs that change no register, as Swift's own calls of them save none.
// Build: gcc -O2 -shared -fPIC -o counts.so counts.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <execinfo.h>

enum { MALLOC, CALLOC, REALLOC, ALIGNED, FREE, FIRST_STUB, TRACED = 63 };

static uint64_t before_mapping[64];
__attribute__((visibility("hidden"))) uint64_t *counters = before_mapping;
static inline void count(int which) { __atomic_fetch_add(&counters[which], 1, __ATOMIC_RELAXED); }

// Where an allocation comes from is written to COUNTS_TRACE while the last counter is not zero.
static int trace = -1;
static __thread int tracing;
static void tell(void) {
  void *frames[24];
  tracing = 1;
  int depth = backtrace(frames, 24);
  backtrace_symbols_fd(frames, depth, trace);
  (void)!write(trace, "\n", 1);
  tracing = 0;
}
static inline void allocated(int which) {
  count(which);
  if (trace >= 0 && counters[TRACED] && !tracing) tell();
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t size) { allocated(MALLOC); return __libc_malloc(size); }
void *calloc(size_t n, size_t size) { allocated(CALLOC); return __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { allocated(REALLOC); return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { allocated(ALIGNED); return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { allocated(ALIGNED); return __libc_memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
  allocated(ALIGNED);
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
void free(void *memory) { if (memory) count(FREE); __libc_free(memory); }

// A stub counts and goes on to the real function with all registers as they were. What it goes on to is looked up at its first call, which may
// come before this library's constructor.
#define STUB(place, name)                                                                                  \
  __attribute__((visibility("hidden"))) void *real_##name;                                                 \
  __attribute__((visibility("hidden"), used)) void find_##name(void) { real_##name = dlsym(RTLD_NEXT, #name); } \
  __asm__(".globl " #name "\n.type " #name ", @function\n" #name ":\n"                                     \
          "  push %r11\n  mov counters(%rip), %r11\n  lock incq 8*" #place "(%r11)\n  pop %r11\n"           \
          "  cmpq $0, real_" #name "(%rip)\n  jne 1f\n"                                                     \
          "  push %rax\n  push %rdi\n  push %rsi\n  push %rdx\n  push %rcx\n  push %r8\n  push %r9\n"        \
          "  push %r10\n  push %r11\n  push %r13\n  push %rbp\n  mov %rsp, %rbp\n  and $-16, %rsp\n"          \
          "  call find_" #name "\n  mov %rbp, %rsp\n  pop %rbp\n  pop %r13\n"                              \
          "  pop %r11\n  pop %r10\n  pop %r9\n  pop %r8\n  pop %rcx\n  pop %rdx\n  pop %rsi\n  pop %rdi\n"  \
          "  pop %rax\n1:\n  jmp *real_" #name "(%rip)\n");

STUB(5, swift_allocObject)
STUB(6, swift_retain)
STUB(7, swift_release)
STUB(8, swift_bridgeObjectRetain)
STUB(9, swift_bridgeObjectRelease)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("COUNTS");
  int fd = path ? open(path, O_RDWR) : -1;
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof before_mapping, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (shared != MAP_FAILED) counters = shared;
  close(fd);
  if (!getenv("COUNTS_TRACE")) return;
  void *frame;
  backtrace(&frame, 1);  // what this allocates at its first call, it does now
  trace = open(getenv("COUNTS_TRACE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}
