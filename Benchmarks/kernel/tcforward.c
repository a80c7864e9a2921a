// tcforward: a relay that has the kernel forward its flows. The first packet of a telephone comes to its socket and is sent on from there; then its
// flow goes into the map, and the journal is read every half second for the figures a relay has to have.
//   tcforward FLOWS INTERFACE...      prints READY; the end of standard input ends it, with a line of figures
#define _GNU_SOURCE
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "flows.h"
#include "forwarder.h"

struct leg {
  __u64 packets, octets, last;
  __u32 read, expected_from, jitter, timestamp;
  __u16 highest, started;
  __u32 cycles;
};

static struct forwarder forwarder;
static struct leg *legs;
static unsigned long long by_socket, put, refused;

// RFC 3550, appendix A.
static void note(struct leg *leg, const struct forward_record *record) {
  if (!leg->started) { leg->started = 1; leg->highest = record->sequence; leg->expected_from = record->sequence; }
  else {
    __s64 passed = (__s64)(record->time - leg->last) / 125000, step = passed - (__s32)(record->timestamp - leg->timestamp);
    if (step < 0) step = -step;
    leg->jitter += (__u32)step - ((leg->jitter + 8) >> 4);
    if ((__s16)(record->sequence - leg->highest) > 0) {
      if (record->sequence < leg->highest) leg->cycles += 65536;
      leg->highest = record->sequence;
    }
  }
  leg->last = record->time;
  leg->timestamp = record->timestamp;
  leg->packets++;
  leg->octets += record->length;
}

static void read_journals(void) {
  for (int i = 0; i < count; i++) {
    struct forward_slot *slot = &forwarder.slots[i];
    __u32 at = legs[i].read;
    for (;; at++) {
      struct forward_record *record = &slot->records[at & (FORWARD_RECORDS - 1)];
      if (__atomic_load_n(&record->stamp, __ATOMIC_ACQUIRE) != at + 1) break;
      note(&legs[i], record);
    }
    legs[i].read = at;
    __atomic_store_n(&slot->tail, at, __ATOMIC_RELEASE);
  }
}

static void mapped(__u32 *to, const struct sockaddr_in *from) {
  to[0] = to[1] = 0;
  to[2] = htonl(0xffff);
  to[3] = from->sin_addr.s_addr;
}

static void put_flow(int leg, const struct sockaddr_in *from, const unsigned char *packet, const __u32 *interfaces) {
  int other = leg ^ 1;
  struct forward_key key = {.port = locals[leg].sin_port};
  struct forward_flow flow = {.source_port = from->sin_port, .to_port = telephones[other].sin_port, .from_port = locals[other].sin_port, .traffic_class = 46 << 2,
                              .ssrc = (__u32)(leg + 1) * 40503u, .timestamp_offset = 12345, .sequence_offset = 77, .interface = interfaces[other & 1], .slot = (__u32)leg};
  mapped(key.address, &locals[leg]);
  mapped(flow.source, from);
  mapped(flow.to, &telephones[other]);
  mapped(flow.from, &locals[other]);
  memcpy(&flow.source_ssrc, packet + 8, 4);
  memset(flow.types, FORWARD_UP, sizeof flow.types);
  flow.types[0] = 0;
  flow.types[8] = 8;
  if (forwarder_put(&forwarder, &key, &flow) == 0) put++; else refused++;
}

int main(int argc, char **argv) {
  static char log[1 << 16];
  __u32 interfaces[2] = {0, 0};
  if (argc < 3) { fprintf(stderr, "usage: tcforward FLOWS INTERFACE...\n"); return 2; }
  read_flows(argv[1]);
  legs = calloc((size_t)count, sizeof *legs);
  int result = forwarder_open(&forwarder, (__u32)count, log, sizeof log);
  if (result < 0) { fprintf(stderr, "tcforward: refused: %s\n%s\n", strerror(-result), log); return 1; }
  for (int i = 2; i < argc; i++) {
    interfaces[(i - 2) & 1] = if_nametoindex(argv[i]);
    if ((result = forwarder_attach(&forwarder, (int)interfaces[(i - 2) & 1])) < 0) { fprintf(stderr, "tcforward: %s: %s\n", argv[i], strerror(-result)); return 1; }
  }
  if (argc == 3) interfaces[1] = interfaces[0];
  int set = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (__u32)i};
    epoll_ctl(set, EPOLL_CTL_ADD, sockets[i], &event);
  }
  struct epoll_event input = {.events = EPOLLIN, .data.u32 = ~0u};
  epoll_ctl(set, EPOLL_CTL_ADD, 0, &input);
  printf("READY\n");
  fflush(stdout);
  struct timespec last, now;
  clock_gettime(CLOCK_MONOTONIC, &last);
  for (int running = 1; running;) {
    struct epoll_event ready[64];
    int n = epoll_wait(set, ready, 64, 500);
    for (int i = 0; i < n; i++) {
      static unsigned char packet[2048];
      struct sockaddr_in from;
      socklen_t length = sizeof from;
      int leg = (int)ready[i].data.u32;
      if (leg < 0) { char byte; if (read(0, &byte, 1) <= 0) running = 0; continue; }
      ssize_t size = recvfrom(sockets[leg], packet, sizeof packet, 0, (void *)&from, &length);
      if (size < 12) continue;
      by_socket++;
      (void)sendto(sockets[leg ^ 1], packet, (size_t)size, 0, (void *)&telephones[leg ^ 1], sizeof *telephones);
      put_flow(leg, &from, packet, interfaces);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000 < 500 && running) continue;
    last = now;
    read_journals();
  }
  unsigned long long packets = 0, lost = 0, jitter = 0;
  for (int i = 0; i < count; i++) {
    packets += legs[i].packets;
    jitter += legs[i].jitter >> 4;
    if (legs[i].started) lost += legs[i].cycles + legs[i].highest - legs[i].expected_from + 1 - legs[i].packets;
  }
  printf("{\"forwarded\":%llu,\"by_socket\":%llu,\"flows\":%llu,\"refused\":%llu,\"lost\":%llu,\"jitter_us\":%llu}\n", packets, by_socket, put, refused, lost, jitter * 125 / (unsigned)count);
  return 0;
}
