// The system calls of the packet threads, with plain types: no system header is included here, so that no other module's
// feature macros can clash with these. Errors are returned as negative errno values.
#ifndef CSYS_H
#define CSYS_H
#include <stdint.h>

// An address and port in host byte order. IPv4 lies in the low 32 bits of `low`; so does IPv4 mapped into IPv6.
struct csys_endpoint {
  uint64_t high;
  uint64_t low;
  uint16_t port;
  uint8_t is_v6;
};

// A socket address as the kernel takes it; length 0 is none.
struct csys_address {
  uint64_t bytes[4];
  uint32_t length;
};

// Writes `endpoint` as a socket address.
void csys_address_set(struct csys_address *address, const struct csys_endpoint *endpoint);

// Opens a non-blocking UDP socket bound to `endpoint`. An IPv6 socket takes no IPv4. `dscp` is 0 ... 63.
// Returns the descriptor.
int csys_udp_open(const struct csys_endpoint *endpoint, int dscp);

// The port a socket is bound to.
int csys_udp_port(int fd);

// Asks for memory that is needed soon, a cache line after the other.
static inline void csys_prefetch(const void *memory, long bytes) {
  for (long at = 0; at < bytes; at += 64) __builtin_prefetch((const char *)memory + at, 1);
}

// Takes one datagram. Returns its length (cut to `size`), or -EAGAIN.
long csys_receive(int fd, void *buffer, unsigned long size, struct csys_endpoint *source);

// Sends one datagram without waiting. Returns its length.
long csys_send(int fd, const void *buffer, unsigned long size, const struct csys_address *to);

int csys_close(int fd);

// A descriptor that another thread makes readable.
int csys_event_create(void);
void csys_event_signal(int fd);
void csys_event_clear(int fd);

int csys_epoll_create(void);
int csys_epoll_add(int epoll, int fd, uint64_t data);
int csys_epoll_remove(int epoll, int fd);

// Waits for readable descriptors, level-triggered. Writes their data; at most CSYS_EVENTS.
// Returns how many, 0 at the timeout or an interruption.
enum { CSYS_EVENTS = 256 };
int csys_epoll_wait(int epoll, uint64_t *data, int64_t timeout_ns);

// Names the calling thread, for tools; at most 15 bytes.
void csys_thread_name(const char *name);

#endif
