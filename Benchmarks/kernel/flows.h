// The legs of the lab: lines of RELAY_IP RELAY_PORT PHONE_IP PHONE_PORT, where legs 2n and 2n + 1 are a call.
#ifndef FLOWS_H
#define FLOWS_H
#include <unistd.h>
#include "../media/legs.h"

static struct sockaddr_in *locals;

static void read_flows(const char *name) {
  FILE *file = fopen(name, "r");
  char relay[64], phone[64];
  int relay_port, phone_port;
  allow_descriptors();
  if (!file) { perror(name); exit(1); }
  while (fscanf(file, "%63s %d %63s %d", relay, &relay_port, phone, &phone_port) == 4) {
    sockets = realloc(sockets, sizeof *sockets * (size_t)(count + 1));
    locals = realloc(locals, sizeof *locals * (size_t)(count + 1));
    telephones = realloc(telephones, sizeof *telephones * (size_t)(count + 1));
    locals[count] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)relay_port), .sin_addr.s_addr = inet_addr(relay)};
    telephones[count] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)phone_port), .sin_addr.s_addr = inet_addr(phone)};
    sockets[count] = leg_socket();
    // A ring that ended lets go of its sockets a little later.
    for (int tries = 0; bind(sockets[count], (void *)&locals[count], sizeof *locals); tries++) {
      if (tries == 200) { perror("bind"); exit(1); }
      usleep(10000);
    }
    count++;
  }
  fclose(file);
}
#endif
