// The legs of the loops that stand beside Martinet: a socket for each, and the telephone it belongs to.
#ifndef LEGS_H
#define LEGS_H
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static int count, *sockets;
static struct sockaddr_in *telephones;
static volatile int stop;

static void allow_descriptors(void) {
  struct rlimit files = {20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);
}

static int leg_socket(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), buffer = 1 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  return fd;
}

// On loopback: leg n is a telephone at 127.0.0.1:(first + 2n), which sends a packet each 20 ms, or nothing where `sends` is 0. Prints the lines of mediaload's LEGS.
__attribute__((unused)) static void open_legs(int legs, int first, int sends) {
  allow_descriptors();
  count = legs;
  sockets = calloc((size_t)count, sizeof *sockets);
  telephones = calloc((size_t)count, sizeof *telephones);
  for (int i = 0; i < count; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    sockets[i] = leg_socket();
    if (bind(sockets[i], (void *)&a, sizeof a) || getsockname(sockets[i], (void *)&a, &length)) { perror("bind"); exit(1); }
    telephones[i] = a;
    telephones[i].sin_port = htons((uint16_t)(first + 2 * i));
    printf("%d 127.0.0.1 %d - 0 160 %d - -\n", first + 2 * i, ntohs(a.sin_port), sends);
  }
}

// Runs the loop on a thread until standard input ends.
__attribute__((unused)) static int run_loop(void *(*loop)(void *)) {
  pthread_t thread;
  pthread_create(&thread, NULL, loop, NULL);
  printf("READY\n");
  fflush(stdout);
  while (getchar() != EOF) {}
  stop = 1;
  pthread_join(thread, NULL);
  return 0;
}
#endif
