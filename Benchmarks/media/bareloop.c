// bareloop: the relay loop of `udpraw paced` (../sip/udpraw.c) as a process of its own, so that the same telephones can drive it and Martinet:
// what a relay in user space costs at least on this machine.
//   bareloop CALLS FIRST_PORT [batches]
//   bareloop FLOWS      the legs of a file instead (../kernel/flows.h)
// Leg n is a telephone at 127.0.0.1:(FIRST_PORT + 2n); what it sends goes on to the other leg of its call. Prints the lines of mediaload's LEGS
// and READY; the end of standard input ends it. `batches` takes and sends by recvmmsg and sendmmsg, up to 8 at a time.
// Build: gcc -O2 -pthread -o bareloop bareloop.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../kernel/flows.h"

static volatile int batches;
static unsigned char packets[8][2048];

static void pass_one(int leg, int other) {
  for (int q = 0; q < 4; q++) {
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    ssize_t size = recvfrom(sockets[leg], packets[0], sizeof packets[0], 0, (void *)&from, &length);
    if (size < 0) break;
    packets[0][3]++;
    (void)sendto(sockets[other], packets[0], (size_t)size, 0, (void *)&telephones[other], sizeof telephones[other]);
  }
}

static void pass_batch(int leg, int other) {
  struct mmsghdr headers[8];
  struct iovec vectors[8];
  struct sockaddr_in from[8];
  for (int i = 0; i < 8; i++) {
    vectors[i] = (struct iovec){packets[i], sizeof packets[i]};
    headers[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  int got = recvmmsg(sockets[leg], headers, 8, MSG_DONTWAIT, NULL);
  for (int i = 0; i < got; i++) {
    packets[i][3]++;
    vectors[i].iov_len = headers[i].msg_len;
    headers[i].msg_hdr.msg_name = &telephones[other];
    headers[i].msg_hdr.msg_namelen = sizeof telephones[other];
  }
  if (got > 0) (void)sendmmsg(sockets[other], headers, (unsigned)got, 0);
}

static void *relay(void *unused) {
  (void)unused;
  int ep = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(ep, EPOLL_CTL_ADD, sockets[i], &e);
  }
  while (!stop) {
    struct epoll_event ready[128];
    int n = epoll_wait(ep, ready, 128, 100);
    for (int i = 0; i < n; i++) {
      int leg = (int)ready[i].data.u32;
      if (batches) pass_batch(leg, leg ^ 1); else pass_one(leg, leg ^ 1);
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 2) { fprintf(stderr, "usage: bareloop CALLS FIRST_PORT [batches]\n"); return 2; }
  if (argc == 2) read_flows(argv[1]); else open_legs(2 * atoi(argv[1]), atoi(argv[2]), 1);
  batches = argc > 3 && argv[3][0] == 'b';
  return run_loop(relay);
}
