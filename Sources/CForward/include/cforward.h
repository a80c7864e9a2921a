// Forwarding of RTP inside the kernel, by a BPF program at the ingress of interfaces. System calls alone, no library; what is made lives as
// long as its descriptors, so that the kernel takes everything back when the process ends, however it ends. Errors are negative errno values.
#ifndef CFORWARD_H
#define CFORWARD_H
#include <stdint.h>

struct cforward;

// An address and port in host byte order; IPv4 lies in the low 32 bits of `low`.
struct cforward_place {
  uint64_t high, low;
  uint16_t port;
  uint8_t is_v6;
};

// Packets of one source and SSRC that reach `local` go to `to` under other numbers.
struct cforward_flow {
  struct cforward_place local, source, from, to;
  uint32_t source_ssrc, ssrc;
  uint16_t sequence_offset;
  uint32_t timestamp_offset;
  uint32_t interface;  // the packets leave by it
  uint32_t slot;       // below the capacity; not in use
  uint8_t traffic_class;
  const uint8_t *types;  // 128: what becomes of each payload type; CFORWARD_UP for the socket
};
enum { CFORWARD_UP = 0xff };

// A packet that was forwarded, as it came.
struct cforward_packet {
  uint64_t time;  // of the monotonic clock, in nanoseconds
  uint32_t timestamp;
  uint16_t sequence;
  uint16_t length;
  uint8_t type;  // the second byte of the header
};

// The way to an address.
struct cforward_route {
  struct cforward_place source;  // without a port
  uint32_t interface;
  uint8_t is_local;  // no other machine lies there
};

// Makes the maps and loads the program; null with `*error` and, where the kernel told them, its words in `log`.
struct cforward *cforward_open(uint32_t capacity, int *error, char *log, uint32_t log_size);
void cforward_close(struct cforward *forward);

// Takes what comes in by an interface; returns the descriptor of the link, whose closing ends it.
int cforward_attach(const struct cforward *forward, uint32_t interface);

// Begins a flow.
int cforward_put(const struct cforward *forward, const struct cforward_flow *flow);
// Ends a flow. Nothing of it is forwarded any more when this returns, and what was is in the journal.
void cforward_end(const struct cforward *forward, const struct cforward_place *local, uint32_t slot);
// Reads the next record of a journal after `*read`; 0 when there is none.
int cforward_next(const struct cforward *forward, uint32_t slot, uint32_t *read, struct cforward_packet *packet);
// Makes the room of the records read free.
void cforward_release(const struct cforward *forward, uint32_t slot, uint32_t read);

// Asks the kernel for the way to an address; -ENETUNREACH and the like where there is none.
int cforward_route(const struct cforward_place *to, struct cforward_route *route);
// The interfaces that are up, of Ethernet, and have the address (the port does not matter; all with any of its family for 0.0.0.0 and ::).
// Returns how many; at most `size` are written.
int cforward_interfaces(const struct cforward_place *address, uint32_t *interfaces, int size);
// The name of an interface, cut to 15 bytes; empty where it is gone.
void cforward_interface_name(uint32_t interface, char name[16]);
#endif
