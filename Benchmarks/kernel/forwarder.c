#include "forwarder.h"
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bytecode.h"

// Linux 6.6; younger than many headers.
enum { TCX_INGRESS = 46 };

static int bpf(int command, union bpf_attr *attributes, unsigned size) {
  long result = syscall(SYS_bpf, command, attributes, size);
  return result < 0 ? -errno : (int)result;
}

static int make_map(int type, __u32 key, __u32 value, __u32 entries, __u32 flags, const char *name) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_type = (__u32)type;
  a.key_size = key;
  a.value_size = value;
  a.max_entries = entries;
  a.map_flags = flags;
  strncpy(a.map_name, name, sizeof a.map_name - 1);
  return bpf(BPF_MAP_CREATE, &a, sizeof a);
}

static int load(const struct forwarder *f, char *log, __u32 log_size) {
  unsigned long long code[sizeof forward_code / sizeof *forward_code];
  memcpy(code, forward_code, sizeof code);
  for (unsigned i = 0; i < sizeof code / sizeof *code; i++) {
    if ((code[i] & 0xff) != 0x18) continue;
    if ((code[i] >> 12 & 0xf) == BPF_PSEUDO_MAP_FD) {
      __u64 fd = (__u64)(code[i] >> 32 ? f->journals : f->flows);
      code[i] = (code[i] & 0xffffffff) | fd << 32;
    }
    i++;  // such an instruction takes two places
  }
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  a.insns = (__u64)(unsigned long)code;
  a.insn_cnt = sizeof code / sizeof *code;
  a.license = (__u64)(unsigned long)"";
  a.expected_attach_type = TCX_INGRESS;
  strncpy(a.prog_name, "forward_rtp", sizeof a.prog_name - 1);
  if (log_size) {
    log[0] = 0;
    a.log_level = 1;
    a.log_buf = (__u64)(unsigned long)log;
    a.log_size = log_size;
  }
  return bpf(BPF_PROG_LOAD, &a, sizeof a);
}

int forwarder_open(struct forwarder *f, __u32 capacity, char *log, __u32 log_size) {
  *f = (struct forwarder){.flows = -1, .journals = -1, .program = -1, .capacity = capacity};
  int result = f->flows = make_map(BPF_MAP_TYPE_HASH, sizeof(struct forward_key), sizeof(struct forward_flow), capacity, 0, "rtp_flows");
  if (result >= 0) result = f->journals = make_map(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct forward_slot), capacity, BPF_F_MMAPABLE, "rtp_journals");
  if (result >= 0) result = f->program = load(f, log, log_size);
  if (result >= 0) {
    void *at = mmap(NULL, (size_t)capacity * sizeof *f->slots, PROT_READ | PROT_WRITE, MAP_SHARED, f->journals, 0);
    if (at != MAP_FAILED) {
      f->slots = at;
      return 0;
    }
    result = -errno;
  }
  forwarder_close(f);
  return result;
}

int forwarder_attach(const struct forwarder *f, int interface) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.link_create.prog_fd = (__u32)f->program;
  a.link_create.target_ifindex = (__u32)interface;
  a.link_create.attach_type = TCX_INGRESS;
  return bpf(BPF_LINK_CREATE, &a, sizeof a);
}

int forwarder_put(const struct forwarder *f, const struct forward_key *key, const struct forward_flow *flow) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_fd = (__u32)f->flows;
  a.key = (__u64)(unsigned long)key;
  a.value = (__u64)(unsigned long)flow;
  return bpf(BPF_MAP_UPDATE_ELEM, &a, sizeof a);
}

int forwarder_drop(const struct forwarder *f, const struct forward_key *key) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_fd = (__u32)f->flows;
  a.key = (__u64)(unsigned long)key;
  return bpf(BPF_MAP_DELETE_ELEM, &a, sizeof a);
}

void forwarder_close(struct forwarder *f) {
  if (f->slots) munmap(f->slots, (size_t)f->capacity * sizeof *f->slots);
  f->slots = NULL;
  int *all[] = {&f->program, &f->journals, &f->flows};
  for (int i = 0; i < 3; i++) {
    if (*all[i] >= 0) close(*all[i]);
    *all[i] = -1;
  }
}
