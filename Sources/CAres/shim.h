#include <sys/select.h>
#include <ares.h>

// Milliseconds until c-ares has a timeout to look after, at most `most`. Struct timeval stays here: several C modules
// bring it along, and a Swift file can't tell whose members it sees.
static inline int cares_timeout_ms(ares_channel channel, int most) {
  struct timeval limit = {most / 1000, most % 1000 * 1000}, left;
  struct timeval *next = ares_timeout(channel, &limit, &left);
  if (!next) return most;
  long ms = next->tv_sec * 1000 + (next->tv_usec + 999) / 1000;
  return ms < 0 ? 0 : ms < most ? (int)ms : most;
}
