// Addresses as the program in the kernel compares them: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d.
#ifndef PLACES_H
#define PLACES_H
#include "cforward.h"

static inline void place_bytes(const struct cforward_place *place, unsigned int bytes[4]) {
  if (!place->is_v6) {
    bytes[0] = bytes[1] = 0;
    bytes[2] = __builtin_bswap32(0xffff);
    bytes[3] = __builtin_bswap32((uint32_t)place->low);
    return;
  }
  bytes[0] = __builtin_bswap32((uint32_t)(place->high >> 32));
  bytes[1] = __builtin_bswap32((uint32_t)place->high);
  bytes[2] = __builtin_bswap32((uint32_t)(place->low >> 32));
  bytes[3] = __builtin_bswap32((uint32_t)place->low);
}

static inline void place_set(struct cforward_place *place, int is_v6, const unsigned char *bytes) {
  place->is_v6 = (uint8_t)is_v6;
  place->high = place->low = 0;
  for (int i = 0; i < (is_v6 ? 8 : 0); i++) place->high = place->high << 8 | bytes[i];
  for (int i = is_v6 ? 8 : 0; i < (is_v6 ? 16 : 4); i++) place->low = place->low << 8 | bytes[i];
}
#endif
