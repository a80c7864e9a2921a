#define _GNU_SOURCE
#include "csys.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct sockaddr_in6) <= sizeof(((struct csys_address *)0)->bytes), "an address fits");

static uint64_t load_be(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

static void store_be(uint8_t *bytes, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(bytes, &value, sizeof value);
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "load_be and store_be are written for little-endian machines"
#endif

void csys_address_set(struct csys_address *address, const struct csys_endpoint *endpoint) {
  memset(address, 0, sizeof *address);
  if (endpoint->is_v6) {
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
    store_be(a.sin6_addr.s6_addr, endpoint->high);
    store_be(a.sin6_addr.s6_addr + 8, endpoint->low);
    memcpy(address->bytes, &a, sizeof a);
    address->length = sizeof a;
  } else {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
    a.sin_addr.s_addr = htonl((uint32_t)endpoint->low);
    memcpy(address->bytes, &a, sizeof a);
    address->length = sizeof a;
  }
}

static int configure(int fd, const struct csys_endpoint *endpoint, int dscp) {
  int on = 1, tos = dscp << 2;
  if (endpoint->is_v6) {
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) return -errno;
    if (tos && setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos) < 0) return -errno;
  } else if (tos && setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos) < 0) {
    return -errno;
  }
  struct csys_address address;
  csys_address_set(&address, endpoint);
  if (bind(fd, (struct sockaddr *)address.bytes, address.length) < 0) return -errno;
  return 0;
}

int csys_udp_open(const struct csys_endpoint *endpoint, int dscp) {
  int fd = socket(endpoint->is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int result = configure(fd, endpoint, dscp);
  if (result < 0) {
    close(fd);
    return result;
  }
  return fd;
}

int csys_udp_port(int fd) {
  struct sockaddr_in6 a;
  socklen_t length = sizeof a;
  if (getsockname(fd, (struct sockaddr *)&a, &length) < 0) return -errno;
  return ntohs(a.sin6_port);  // at the same place in sockaddr_in
}

// The packet path's calls go to the kernel directly: in a process with threads the C library's are cancellation points, and pay two locked
// operations for it each. Nothing here is ever cancelled.
static ssize_t receive_from(int fd, void *buffer, size_t size, struct sockaddr_in6 *from, socklen_t *length) {
#ifdef SYS_recvfrom
  return syscall(SYS_recvfrom, fd, buffer, size, MSG_DONTWAIT, from, length);
#else
  return recvfrom(fd, buffer, size, MSG_DONTWAIT, (struct sockaddr *)from, length);
#endif
}

static ssize_t send_to(int fd, const void *buffer, size_t size, const struct csys_address *to) {
#ifdef SYS_sendto
  return syscall(SYS_sendto, fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL, to->bytes, to->length);
#else
  return sendto(fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)to->bytes, to->length);
#endif
}

long csys_receive(int fd, void *buffer, unsigned long size, struct csys_endpoint *source) {
  struct sockaddr_in6 from;
  socklen_t length = sizeof from;
  ssize_t count = receive_from(fd, buffer, size, &from, &length);
  if (count < 0) return -errno;
  if (from.sin6_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&from;
    *source = (struct csys_endpoint){0, ntohl(v4->sin_addr.s_addr), ntohs(v4->sin_port), 0};
  } else {
    *source = (struct csys_endpoint){load_be(from.sin6_addr.s6_addr), load_be(from.sin6_addr.s6_addr + 8), ntohs(from.sin6_port), 1};
  }
  return count;
}

long csys_send(int fd, const void *buffer, unsigned long size, const struct csys_address *to) {
  ssize_t count = send_to(fd, buffer, size, to);
  return count < 0 ? -errno : count;
}

int csys_close(int fd) { return close(fd) < 0 ? -errno : 0; }

int csys_event_create(void) {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

void csys_event_signal(int fd) {
  uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable anyway.
  ssize_t result = write(fd, &one, sizeof one);
  (void)result;
}

void csys_event_clear(int fd) {
  uint64_t value;
  ssize_t result = read(fd, &value, sizeof value);
  (void)result;
}

int csys_epoll_create(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int csys_epoll_add(int epoll, int fd, uint64_t data) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int csys_epoll_remove(int epoll, int fd) {
  struct epoll_event event = {0};
  return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event) < 0 ? -errno : 0;
}

int csys_epoll_wait(int epoll, uint64_t *data, int64_t timeout_ns) {
  struct epoll_event events[CSYS_EVENTS];
  struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
  int count = epoll_pwait2(epoll, events, CSYS_EVENTS, &timeout, NULL);
  // Kernels before 5.11 know milliseconds alone; rounded up, so that it is never too early.
  if (count < 0 && errno == ENOSYS)
    count = epoll_wait(epoll, events, CSYS_EVENTS, (int)((timeout_ns + 999999) / 1000000));
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) data[i] = events[i].data.u64;
  return count;
}

void csys_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
