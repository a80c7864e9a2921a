// barefloor: what the kernel takes for prompts and for recordings on this machine, with nothing of anybody's between: its least loop.
//   barefloor send LEGS FIRST_PORT    a packet to every telephone each 20 ms, a twentieth of them each millisecond
//   barefloor take LEGS FIRST_PORT    packets of every telephone are received and forgotten
// Leg n is a telephone at 127.0.0.1:(FIRST_PORT + 2n). Prints the lines of mediaload's LEGS and READY; the end of standard input ends it.
// Build: gcc -O2 -pthread -o barefloor barefloor.c
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
#include <time.h>
#include <unistd.h>

static int count, *sockets;
static struct sockaddr_in *telephones;
static volatile int stop;

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
  int first = atoi(argv[3]), buffer = 1 << 20, sends = argv[1][0] == 's';
  struct rlimit files = {20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);
  count = atoi(argv[2]);
  sockets = calloc((size_t)count, sizeof *sockets);
  telephones = calloc((size_t)count, sizeof *telephones);
  for (int i = 0; i < count; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(sockets[i], (void *)&a, sizeof a) || getsockname(sockets[i], (void *)&a, &length)) { perror("bind"); return 1; }
    telephones[i] = a;
    telephones[i].sin_port = htons((uint16_t)(first + 2 * i));
    printf("%d 127.0.0.1 %d - 0 160 %d - -\n", first + 2 * i, ntohs(a.sin_port), sends ? 0 : 1);
  }
  pthread_t thread;
  pthread_create(&thread, NULL, sends ? send_all : take_all, NULL);
  printf("READY\n");
  fflush(stdout);
  while (getchar() != EOF) {}
  stop = 1;
  pthread_join(thread, NULL);
  return 0;
}
