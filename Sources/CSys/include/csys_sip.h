// The system calls of the signalling sockets, with plain types for the reason given in csys.h. Errors are negative errno values.
#ifndef CSYS_SIP_H
#define CSYS_SIP_H
#include <stdint.h>
#include "csys.h"

// Opens a non-blocking UDP socket bound to `endpoint`. An IPv6 socket takes no IPv4. Several share a port only if each was
// opened with `shared`. `receive_buffer` is what is asked of the kernel, in bytes; it may give less.
// Returns the descriptor.
int csys_sip_open(const struct csys_endpoint *endpoint, int shared, int receive_buffer);

// Where a socket is bound. Returns 0.
int csys_sip_local(int fd, struct csys_endpoint *local);

// The address this machine would send from to reach `remote`; sends nothing. Returns 0.
int csys_sip_source(const struct csys_endpoint *remote, struct csys_endpoint *source);

// Takes one datagram, and says how many nanoseconds it lay in the socket (0 where the kernel gave no time stamp).
// Returns its length (cut to `size`), or -EAGAIN.
long csys_sip_receive(int fd, void *buffer, unsigned long size, struct csys_endpoint *source, int64_t *waited_ns);

// Sends one datagram without waiting. Returns 0.
int csys_sip_send(int fd, const void *buffer, unsigned long size, const struct csys_endpoint *to);

// Reads a socket address of the kernel's. Returns 0, or -1 for one that is neither IPv4 nor IPv6.
int csys_sip_endpoint(const void *address, struct csys_endpoint *endpoint);

// Nanoseconds of the monotonic clock, and of civil time since 1970.
int64_t csys_monotonic_ns(void);
int64_t csys_realtime_ns(void);

// Waits until one of `count` descriptors is ready. `events` holds 1 to wait for reading, 2 for writing, 3 for both, and is
// overwritten by what is ready. Returns how many are, 0 at the timeout or an interruption.
int csys_poll(const int *fds, int *events, int count, int timeout_ms);

#endif
