// tcforward: a relay that has the kernel forward its flows. The first packet of a telephone comes to its socket and is sent on from there; then its
// flow goes to the kernel, and the journal is read every half second for the figures a relay has to have.
//   tcforward FLOWS INTERFACE INTERFACE      prints READY; the end of standard input ends it, with a line of figures
// Build: gcc -O2 -I../../Sources/CForward/include -o tcforward tcforward.c ../../Sources/CForward/*.c
#define _GNU_SOURCE
#include <net/if.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "cforward.h"
#include "flows.h"

struct leg {
  uint64_t packets, octets, last;
  uint32_t read, expected_from, jitter, timestamp, cycles;
  uint16_t highest;
  uint8_t started;
};

static struct cforward *forward;
static struct leg *legs;
static unsigned long long by_socket, put, refused;

// RFC 3550, appendix A.
static void note(struct leg *leg, const struct cforward_packet *packet) {
  if (!leg->started) {
    leg->started = 1;
    leg->highest = packet->sequence;
    leg->expected_from = packet->sequence;
  } else {
    int64_t step = (int64_t)(packet->time - leg->last) / 125000 - (int32_t)(packet->timestamp - leg->timestamp);
    if (step < 0) step = -step;
    leg->jitter += (uint32_t)step - ((leg->jitter + 8) >> 4);
    if ((int16_t)(packet->sequence - leg->highest) > 0) {
      if (packet->sequence < leg->highest) leg->cycles += 65536;
      leg->highest = packet->sequence;
    }
  }
  leg->last = packet->time;
  leg->timestamp = packet->timestamp;
  leg->packets++;
  leg->octets += packet->length;
}

static void read_journals(void) {
  for (int i = 0; i < count; i++) {
    struct cforward_packet packet;
    while (cforward_next(forward, (uint32_t)i, &legs[i].read, &packet)) note(&legs[i], &packet);
    cforward_release(forward, (uint32_t)i, legs[i].read);
  }
}

static struct cforward_place place(const struct sockaddr_in *address) {
  return (struct cforward_place){.low = ntohl(address->sin_addr.s_addr), .port = ntohs(address->sin_port)};
}

static void put_flow(int leg, const struct sockaddr_in *from, const unsigned char *packet, const uint32_t *interfaces) {
  int other = leg ^ 1;
  uint8_t types[128];
  memset(types, CFORWARD_UP, sizeof types);
  types[0] = 0;
  types[8] = 8;
  struct cforward_flow flow = {
      .local = place(&locals[leg]), .source = place(from), .from = place(&locals[other]), .to = place(&telephones[other]),
      .source_ssrc = (uint32_t)packet[8] << 24 | (uint32_t)packet[9] << 16 | (uint32_t)packet[10] << 8 | packet[11],
      .ssrc = (uint32_t)(leg + 1) * 40503u, .timestamp_offset = 12345, .sequence_offset = 77, .interface = interfaces[other & 1], .slot = (uint32_t)leg,
      .traffic_class = 46 << 2, .types = types};
  if (cforward_put(forward, &flow) == 0) put++; else refused++;
}

static void pass(int leg, const uint32_t *interfaces) {
  static unsigned char packet[2048];
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  ssize_t size = recvfrom(sockets[leg], packet, sizeof packet, 0, (void *)&from, &length);
  if (size < 12) return;
  by_socket++;
  (void)sendto(sockets[leg ^ 1], packet, (size_t)size, 0, (void *)&telephones[leg ^ 1], sizeof *telephones);
  put_flow(leg, &from, packet, interfaces);
}

static void relay(const uint32_t *interfaces) {
  int set = epoll_create1(0);
  for (int i = -1; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(set, EPOLL_CTL_ADD, i < 0 ? 0 : sockets[i], &event);
  }
  struct timespec last, now;
  clock_gettime(CLOCK_MONOTONIC, &last);
  for (int running = 1; running;) {
    struct epoll_event ready[64];
    int n = epoll_wait(set, ready, 64, 500);
    for (int i = 0; i < n; i++) {
      int leg = (int)ready[i].data.u32;
      char byte;
      if (leg >= 0) pass(leg, interfaces); else if (read(0, &byte, 1) <= 0) running = 0;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000 < 500 && running) continue;
    last = now;
    read_journals();
  }
}

int main(int argc, char **argv) {
  static char log[1 << 16];
  uint32_t interfaces[2];
  int error = 0;
  if (argc != 4) { fprintf(stderr, "usage: tcforward FLOWS INTERFACE INTERFACE\n"); return 2; }
  read_flows(argv[1]);
  legs = calloc((size_t)count, sizeof *legs);
  forward = cforward_open((uint32_t)count, &error, log, sizeof log);
  if (!forward) { fprintf(stderr, "tcforward: refused: %s\n%s\n", strerror(-error), log); return 1; }
  for (int i = 0; i < 2; i++) {
    interfaces[i] = if_nametoindex(argv[2 + i]);
    int link = cforward_attach(forward, interfaces[i]);
    if (link < 0) { fprintf(stderr, "tcforward: %s: %s\n", argv[2 + i], strerror(-link)); return 1; }
  }
  printf("READY\n");
  fflush(stdout);
  relay(interfaces);
  unsigned long long packets = 0, lost = 0, jitter = 0;
  for (int i = 0; i < count; i++) {
    packets += legs[i].packets;
    jitter += legs[i].jitter >> 4;
    if (legs[i].started) lost += legs[i].cycles + legs[i].highest - legs[i].expected_from + 1 - legs[i].packets;
  }
  printf("{\"forwarded\":%llu,\"by_socket\":%llu,\"flows\":%llu,\"refused\":%llu,\"lost\":%llu,\"jitter_us\":%llu}\n", packets, by_socket, put, refused, lost, jitter * 125 / (unsigned)count);
  return 0;
}
