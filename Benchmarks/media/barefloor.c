// barefloor: what the kernel takes for prompts and for recordings on this machine, with nothing of anybody's between: its least loop.
//   barefloor send LEGS FIRST_PORT    a packet to every telephone each 20 ms, a twentieth of them each millisecond
//   barefloor take LEGS FIRST_PORT    packets of every telephone are received and forgotten
// Leg n is a telephone at 127.0.0.1:(FIRST_PORT + 2n). Prints the lines of mediaload's LEGS and READY; the end of standard input ends it.
// Build: gcc -O2 -pthread -o barefloor barefloor.c
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>
#include "legs.h"

static void *send_all(void *unused) {
  (void)unused;
  struct timespec due;
  unsigned char packet[172] = {0x80};
  clock_gettime(CLOCK_MONOTONIC, &due);
  for (int slot = 0; !stop; slot = (slot + 1) % 20) {
    for (int i = slot; i < count; i += 20) (void)sendto(sockets[i], packet, sizeof packet, 0, (void *)&telephones[i], sizeof telephones[i]);
    if (slot == 19) {
      uint16_t sequence = (uint16_t)((packet[2] << 8 | packet[3]) + 1);
      packet[2] = (unsigned char)(sequence >> 8);
      packet[3] = (unsigned char)sequence;
    }
    if ((due.tv_nsec += 1000000) >= 1000000000) { due.tv_nsec -= 1000000000; due.tv_sec++; }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
  }
  return NULL;
}

static void *take_all(void *unused) {
  (void)unused;
  int ep = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(ep, EPOLL_CTL_ADD, sockets[i], &e);
  }
  while (!stop) {
    struct epoll_event ready[128];
    static unsigned char packet[2048];
    int n = epoll_wait(ep, ready, 128, 100);
    for (int i = 0; i < n; i++) (void)recv(sockets[ready[i].data.u32], packet, sizeof packet, 0);
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "usage: barefloor send|take LEGS FIRST_PORT\n"); return 2; }
  int sends = argv[1][0] == 's';
  open_legs(atoi(argv[2]), atoi(argv[3]), !sends);
  return run_loop(sends ? send_all : take_all);
}
