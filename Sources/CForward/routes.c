// The ways of this machine: which interfaces it has, and by which one an address is reached (rtnetlink).
#define _GNU_SOURCE
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "places.h"

static void read_route(const struct nlmsghdr *answer, int is_v6, struct cforward_route *route) {
  const struct rtmsg *message = NLMSG_DATA(answer);
  int left = (int)RTM_PAYLOAD(answer);
  route->is_local = message->rtm_type != RTN_UNICAST;
  for (const struct rtattr *a = RTM_RTA(message); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
    if (a->rta_type == RTA_OIF && RTA_PAYLOAD(a) >= 4) memcpy(&route->interface, RTA_DATA(a), 4);
    if (a->rta_type == RTA_PREFSRC && RTA_PAYLOAD(a) >= (is_v6 ? 16u : 4u)) place_set(&route->source, is_v6, RTA_DATA(a));
  }
}

int cforward_route(const struct cforward_place *to, struct cforward_route *route) {
  struct {
    struct nlmsghdr header;
    struct rtmsg message;
    struct rtattr attribute;
    unsigned char address[16];
  } request;
  unsigned int bytes[4];
  unsigned length = to->is_v6 ? 16 : 4;
  memset(route, 0, sizeof *route);
  memset(&request, 0, sizeof request);
  request.header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof request.message) + RTA_LENGTH(length), .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST};
  request.message = (struct rtmsg){.rtm_family = to->is_v6 ? AF_INET6 : AF_INET, .rtm_dst_len = (unsigned char)(8 * length)};
  request.attribute = (struct rtattr){.rta_len = (unsigned short)RTA_LENGTH(length), .rta_type = RTA_DST};
  place_bytes(to, bytes);
  memcpy(request.address, to->is_v6 ? bytes : bytes + 3, length);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  char answer[4096] __attribute__((aligned(8)));
  ssize_t size = send(fd, &request, request.header.nlmsg_len, 0) < 0 ? -1 : recv(fd, answer, sizeof answer, 0);
  int result = size < 0 ? -errno : 0;
  close(fd);
  if (result) return result;
  const struct nlmsghdr *header = (const void *)answer;
  if (!NLMSG_OK(header, size)) return -EPROTO;
  if (header->nlmsg_type == NLMSG_ERROR) {
    const struct nlmsgerr *error = NLMSG_DATA(header);
    return header->nlmsg_len >= NLMSG_LENGTH(sizeof *error) && error->error ? error->error : -EPROTO;
  }
  if (header->nlmsg_type != RTM_NEWROUTE) return -EPROTO;
  read_route(header, to->is_v6, route);
  return route->interface ? 0 : -ENETUNREACH;
}

static int is_ethernet(const struct ifaddrs *all, const char *name) {
  for (const struct ifaddrs *one = all; one; one = one->ifa_next)
    if (one->ifa_addr && one->ifa_addr->sa_family == AF_PACKET && !strcmp(one->ifa_name, name))
      return ((const struct sockaddr_ll *)(const void *)one->ifa_addr)->sll_hatype == ARPHRD_ETHER;
  return 0;
}

static int has(const struct sockaddr *address, const struct cforward_place *wanted) {
  if (!address || address->sa_family != (wanted->is_v6 ? AF_INET6 : AF_INET)) return 0;
  if (!wanted->high && !wanted->low) return 1;
  struct cforward_place place = {0};
  if (wanted->is_v6) place_set(&place, 1, ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
  else place_set(&place, 0, (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
  return place.high == wanted->high && place.low == wanted->low;
}

int cforward_interfaces(const struct cforward_place *address, uint32_t *interfaces, int size) {
  struct ifaddrs *all;
  int count = 0;
  if (getifaddrs(&all)) return -errno;
  for (const struct ifaddrs *one = all; one && count < size; one = one->ifa_next) {
    if (!(one->ifa_flags & IFF_UP) || one->ifa_flags & IFF_LOOPBACK || !has(one->ifa_addr, address) || !is_ethernet(all, one->ifa_name)) continue;
    uint32_t index = if_nametoindex(one->ifa_name);
    int known = index == 0;
    for (int i = 0; i < count; i++) known |= interfaces[i] == index;
    if (!known) interfaces[count++] = index;
  }
  freeifaddrs(all);
  return count;
}

void cforward_interface_name(uint32_t interface, char name[16]) {
  char found[IF_NAMESIZE];
  strncpy(name, if_indextoname(interface, found) ? found : "", 15);
  name[15] = 0;
}
