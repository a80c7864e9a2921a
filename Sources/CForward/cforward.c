#include "cforward.h"
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "bytecode.h"
#include "forward.h"
#include "places.h"

// Linux 6.6; younger than many headers.
enum { TCX_INGRESS = 46 };

struct cforward {
  int flows, journals, program;
  uint32_t capacity;
  struct forward_slot *slots;
};

static int bpf(int command, union bpf_attr *attributes) {
  long result = syscall(SYS_bpf, command, attributes, sizeof *attributes);
  return result < 0 ? -errno : (int)result;
}

static int make_map(uint32_t type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags, const char *name) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_type = type;
  a.key_size = key;
  a.value_size = value;
  a.max_entries = entries;
  a.map_flags = flags;
  strncpy(a.map_name, name, sizeof a.map_name - 1);
  return bpf(BPF_MAP_CREATE, &a);
}

static int load(const struct cforward *f, char *log, uint32_t log_size) {
  unsigned long long code[sizeof forward_code / sizeof *forward_code];
  memcpy(code, forward_code, sizeof code);
  for (unsigned i = 0; i < sizeof code / sizeof *code; i++) {
    if ((code[i] & 0xff) != (BPF_LD | BPF_DW | BPF_IMM)) continue;
    if ((code[i] >> 12 & 0xf) == BPF_PSEUDO_MAP_FD) {
      uint64_t fd = (uint64_t)(code[i] >> 32 ? f->journals : f->flows);
      code[i] = (code[i] & 0xffffffff) | fd << 32;
    }
    i++;  // such an instruction takes two places
  }
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  a.insns = (uint64_t)(uintptr_t)code;
  a.insn_cnt = sizeof code / sizeof *code;
  a.license = (uint64_t)(uintptr_t)"";
  a.expected_attach_type = TCX_INGRESS;
  strncpy(a.prog_name, "martinet_rtp", sizeof a.prog_name - 1);
  int result = bpf(BPF_PROG_LOAD, &a);
  if (result >= 0 || !log_size) return result;
  // Once more for the words.
  a.log_level = 1;
  a.log_buf = (uint64_t)(uintptr_t)log;
  a.log_size = log_size;
  (void)bpf(BPF_PROG_LOAD, &a);
  return result;
}

struct cforward *cforward_open(uint32_t capacity, int *error, char *log, uint32_t log_size) {
  struct cforward *f = calloc(1, sizeof *f);
  if (!f) { *error = -ENOMEM; return NULL; }
  *f = (struct cforward){.flows = -1, .journals = -1, .program = -1, .capacity = capacity};
  if (log_size) log[0] = 0;
  int result = f->flows = make_map(BPF_MAP_TYPE_HASH, sizeof(struct forward_key), sizeof(uint32_t), capacity, 0, "martinet_flows");
  if (result >= 0) result = f->journals = make_map(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct forward_slot), capacity, BPF_F_MMAPABLE, "martinet_rtp");
  if (result >= 0) result = f->program = load(f, log, log_size);
  if (result >= 0) {
    void *at = mmap(NULL, (size_t)capacity * sizeof *f->slots, PROT_READ | PROT_WRITE, MAP_SHARED, f->journals, 0);
    if (at != MAP_FAILED) {
      f->slots = at;
      return f;
    }
    result = -errno;
  }
  *error = result;
  cforward_close(f);
  return NULL;
}

void cforward_close(struct cforward *f) {
  if (f->slots) munmap(f->slots, (size_t)f->capacity * sizeof *f->slots);
  int all[] = {f->program, f->journals, f->flows};
  for (int i = 0; i < 3; i++) if (all[i] >= 0) close(all[i]);
  free(f);
}

int cforward_attach(const struct cforward *f, uint32_t interface) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.link_create.prog_fd = (uint32_t)f->program;
  a.link_create.target_ifindex = interface;
  a.link_create.attach_type = TCX_INGRESS;
  return bpf(BPF_LINK_CREATE, &a);
}

// ---------------------------------------------------------------- flows
static struct forward_key key_of(const struct cforward_place *local) {
  struct forward_key key = {.port = __builtin_bswap16(local->port)};
  place_bytes(local, key.address);
  return key;
}

int cforward_put(const struct cforward *f, const struct cforward_flow *flow) {
  if (flow->slot >= f->capacity) return -EINVAL;
  struct forward_slot *slot = &f->slots[flow->slot];
  struct forward_key key = key_of(&flow->local);
  struct forward_flow value = {
      .source_port = __builtin_bswap16(flow->source.port), .to_port = __builtin_bswap16(flow->to.port), .from_port = __builtin_bswap16(flow->from.port),
      .traffic_class = flow->traffic_class, .source_ssrc = __builtin_bswap32(flow->source_ssrc), .ssrc = __builtin_bswap32(flow->ssrc),
      .timestamp_offset = flow->timestamp_offset, .sequence_offset = flow->sequence_offset, .interface = flow->interface};
  place_bytes(&flow->source, value.source);
  place_bytes(&flow->from, value.from);
  place_bytes(&flow->to, value.to);
  memcpy(value.types, flow->types, sizeof value.types);
  memset(slot, 0, sizeof *slot);
  slot->flow = value;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_fd = (uint32_t)f->flows;
  a.key = (uint64_t)(uintptr_t)&key;
  a.value = (uint64_t)(uintptr_t)&flow->slot;
  a.flags = BPF_NOEXIST;
  return bpf(BPF_MAP_UPDATE_ELEM, &a);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void cforward_end(const struct cforward *f, const struct cforward_place *local, uint32_t number) {
  if (number >= f->capacity) return;
  struct forward_slot *slot = &f->slots[number];
  struct forward_key key = key_of(local);
  __atomic_store_n(&slot->closed, 1, __ATOMIC_SEQ_CST);
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_fd = (uint32_t)f->flows;
  a.key = (uint64_t)(uintptr_t)&key;
  (void)bpf(BPF_MAP_DELETE_ELEM, &a);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  // Another processor may be in the middle of a packet: its record is waited for, as it cannot be interrupted there. A virtual
  // processor can be held up: a millisecond is the most this gives.
  uint64_t until = 0;
  uint32_t head = __atomic_load_n(&slot->head, __ATOMIC_SEQ_CST), tail = __atomic_load_n(&slot->tail, __ATOMIC_RELAXED);
  for (uint32_t at = tail; at != head; at++)
    while (__atomic_load_n(&slot->records[at & (FORWARD_RECORDS - 1)].stamp, __ATOMIC_ACQUIRE) != at + 1) {
      if (!until) until = now_ns() + 1000000;
      if (now_ns() > until) return;
    }
}

int cforward_next(const struct cforward *f, uint32_t number, uint32_t *read, struct cforward_packet *packet) {
  if (number >= f->capacity) return 0;
  struct forward_slot *slot = &f->slots[number];
  for (;;) {
    struct forward_record *record = &slot->records[*read & (FORWARD_RECORDS - 1)];
    if (__atomic_load_n(&record->stamp, __ATOMIC_ACQUIRE) != *read + 1) return 0;
    ++*read;
    if (record->is_void) continue;
    *packet = (struct cforward_packet){.time = record->time, .timestamp = record->timestamp, .sequence = record->sequence, .length = record->length, .type = record->type};
    return 1;
  }
}

void cforward_release(const struct cforward *f, uint32_t number, uint32_t read) {
  if (number < f->capacity) __atomic_store_n(&f->slots[number].tail, read, __ATOMIC_RELEASE);
}
