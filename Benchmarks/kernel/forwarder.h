// Puts the program of forward.bpf.c into the kernel, by system calls alone. What is made here lives as long as its descriptors:
// when the process ends, however it ends, the kernel takes all of it back.
#ifndef FORWARDER_H
#define FORWARDER_H
#include "forward.h"

struct forwarder {
  int flows, journals, program;  // descriptors
  __u32 capacity;
  struct forward_slot *slots;
};

// 0, or -errno. `log` gets the words of the kernel's verifier where it refuses.
int forwarder_open(struct forwarder *forwarder, __u32 capacity, char *log, __u32 log_size);
// The descriptor of a link to an interface, or -errno.
int forwarder_attach(const struct forwarder *forwarder, int interface);
int forwarder_put(const struct forwarder *forwarder, const struct forward_key *key, const struct forward_flow *flow);
int forwarder_drop(const struct forwarder *forwarder, const struct forward_key *key);
void forwarder_close(struct forwarder *forwarder);
#endif
