#define _GNU_SOURCE
#include "csys_sip.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const int on = 1;

static int64_t ns(const struct timespec *time) { return time->tv_sec * INT64_C(1000000000) + time->tv_nsec; }

static int64_t clock_ns(clockid_t clock) {
  struct timespec time = {0};
  clock_gettime(clock, &time);
  return ns(&time);
}

int64_t csys_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t csys_realtime_ns(void) { return clock_ns(CLOCK_REALTIME); }

int csys_sip_endpoint(const void *address, struct csys_endpoint *endpoint) {
  memset(endpoint, 0, sizeof *endpoint);
  sa_family_t family;
  memcpy(&family, (const char *)address + offsetof(struct sockaddr, sa_family), sizeof family);
  if (family == AF_INET) {
    struct sockaddr_in a;
    memcpy(&a, address, sizeof a);
    endpoint->low = ntohl(a.sin_addr.s_addr);
    endpoint->port = ntohs(a.sin_port);
    return 0;
  }
  if (family != AF_INET6) return -1;
  struct sockaddr_in6 a;
  memcpy(&a, address, sizeof a);
  for (int i = 0; i < 8; i++) {
    endpoint->high = endpoint->high << 8 | a.sin6_addr.s6_addr[i];
    endpoint->low = endpoint->low << 8 | a.sin6_addr.s6_addr[i + 8];
  }
  endpoint->port = ntohs(a.sin6_port);
  endpoint->is_v6 = 1;
  return 0;
}

static int configure(int fd, const struct csys_endpoint *endpoint, int shared, int receive_buffer) {
  if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) return -errno;
  if (endpoint->is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) return -errno;
  // More than net.core.rmem_max takes a privilege; without it the kernel gives what it may.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) < 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  // Without time stamps only the measure of queue delay is lost.
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  struct csys_address address;
  csys_address_set(&address, endpoint);
  return bind(fd, (struct sockaddr *)address.bytes, address.length) < 0 ? -errno : 0;
}

int csys_sip_open(const struct csys_endpoint *endpoint, int shared, int receive_buffer) {
  int fd = socket(endpoint->is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int result = configure(fd, endpoint, shared, receive_buffer);
  if (result == 0) return fd;
  close(fd);
  return result;
}

int csys_sip_local(int fd, struct csys_endpoint *local) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
  return csys_sip_endpoint(&address, local) == 0 ? 0 : -EAFNOSUPPORT;
}

int csys_sip_source(const struct csys_endpoint *remote, struct csys_endpoint *source) {
  int fd = socket(remote->is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct csys_address address;
  csys_address_set(&address, remote);
  int result = connect(fd, (struct sockaddr *)address.bytes, address.length) < 0 ? -errno : csys_sip_local(fd, source);
  close(fd);
  return result;
}

static int64_t waited(struct msghdr *header) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec stamp;
    memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
    int64_t wait = csys_realtime_ns() - ns(&stamp);
    // Civil time may be set; a wait of more than a minute is a step of the clock.
    return wait < 0 || wait > INT64_C(60000000000) ? 0 : wait;
  }
  return 0;
}

long csys_sip_receive(int fd, void *buffer, unsigned long size, struct csys_endpoint *source, int64_t *waited_ns) {
  struct sockaddr_storage address;
  union {
    struct cmsghdr align;
    char bytes[128];
  } control;
  struct iovec vector = {buffer, size};
  struct msghdr header = {.msg_name = &address,
                          .msg_namelen = sizeof address,
                          .msg_iov = &vector,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof control};
  long length;
  do length = recvmsg(fd, &header, MSG_DONTWAIT);
  while (length < 0 && errno == EINTR);
  if (length < 0) return -errno;
  *waited_ns = waited(&header);
  return csys_sip_endpoint(&address, source) == 0 ? length : -EAFNOSUPPORT;
}

int csys_sip_send(int fd, const void *buffer, unsigned long size, const struct csys_endpoint *to) {
  struct csys_address address;
  csys_address_set(&address, to);
  long length;
  do length = sendto(fd, buffer, size, MSG_DONTWAIT, (struct sockaddr *)address.bytes, address.length);
  while (length < 0 && errno == EINTR);
  return length < 0 ? -errno : 0;
}

int csys_poll(const int *fds, int *events, int count, int timeout_ms) {
  enum { ON_STACK = 64 };
  struct pollfd few[ON_STACK], *polled = few;
  if (count > ON_STACK && !(polled = calloc((size_t)count, sizeof *polled))) return -ENOMEM;
  for (int i = 0; i < count; i++) {
    polled[i].fd = fds[i];
    polled[i].events = (short)((events[i] & 1 ? POLLIN : 0) | (events[i] & 2 ? POLLOUT : 0));
    polled[i].revents = 0;
  }
  int ready = poll(polled, (nfds_t)count, timeout_ms);
  int result = ready < 0 && errno != EINTR ? -errno : ready < 0 ? 0 : ready;
  for (int i = 0; i < count; i++) {
    short got = polled[i].revents;
    events[i] = ready <= 0 ? 0 : (got & (POLLIN | POLLERR | POLLHUP) ? 1 : 0) | (got & (POLLOUT | POLLERR) ? 2 : 0);
  }
  if (polled != few) free(polled);
  return result;
}
