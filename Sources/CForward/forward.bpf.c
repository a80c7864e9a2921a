// Forwards RTP at the ingress of an interface (tc): a packet of a flow that user space put into the map leaves for its other party with the
// header user space would have written, and a record of it is left in the flow's journal. Everything else goes up to its socket untouched.
// Build: clang -target bpf -mcpu=v3 -O2 -c forward.bpf.c
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include "forward.h"

#define SECTION(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

static void *(*map_lookup)(const void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*l4_csum_replace)(struct __sk_buff *, __u32, __u64, __u64, __u64) = (void *)BPF_FUNC_l4_csum_replace;
static __s64 (*csum_diff)(__be32 *, __u32, __be32 *, __u32, __wsum) = (void *)BPF_FUNC_csum_diff;
static long (*redirect_neigh)(__u32, void *, int, __u64) = (void *)BPF_FUNC_redirect_neigh;
static long (*pull_data)(struct __sk_buff *, __u32) = (void *)BPF_FUNC_skb_pull_data;
static __u64 (*ktime)(void) = (void *)BPF_FUNC_ktime_get_ns;

// Made by user space; the names alone matter here.
struct { int unused; } flows SECTION("maps"), journals SECTION("maps");

enum { UP = -1 };  // TCX_NEXT: on to what else there is, and to the socket

struct rtp {
  __u8 first, type;
  __u16 sequence;
  __u32 timestamp, ssrc;
};

// What changes in the sums: the pseudo header's part apart, as it alone counts where the device is to finish the sum.
struct change {
  __u32 addresses_before[8], addresses_after[8], rest_before[4], rest_after[4];
};

INLINE __u16 swap(__u16 value) { return __builtin_bswap16(value); }

// Leaves a record; false where the packet has to go up.
INLINE int note(struct forward_slot *slot, const struct rtp *rtp, __u16 length) {
  if (*(volatile __u32 *)&slot->closed || *(volatile __u32 *)&slot->head - *(volatile __u32 *)&slot->tail >= FORWARD_FULL) return 0;
  __u32 number = __sync_fetch_and_add(&slot->head, 1);
  struct forward_record *record = &slot->records[number & (FORWARD_RECORDS - 1)];
  // Either this sees that the flow is being taken back, or who takes it back sees the number taken and waits for the record.
  int closed = *(volatile __u32 *)&slot->closed != 0;
  record->timestamp = __builtin_bswap32(rtp->timestamp);
  record->time = ktime();
  record->sequence = swap(rtp->sequence);
  record->length = length;
  record->type = rtp->type;
  record->is_void = closed;
  __sync_lock_test_and_set(&record->stamp, number + 1);
  return !closed;
}

INLINE struct forward_slot *slot_of(const struct forward_key *key, const __u32 source[4], __u16 port, const struct rtp *rtp) {
  const __u32 *number = map_lookup(&flows, key);
  struct forward_slot *slot = number ? map_lookup(&journals, number) : 0;
  if (!slot) return 0;
  const struct forward_flow *flow = &slot->flow;
  // Without extensions, padding and contributors: the rest is looked at by user space.
  if (rtp->first != 0x80 || rtp->ssrc != flow->source_ssrc || port != flow->source_port) return 0;
  if (source[0] != flow->source[0] || source[1] != flow->source[1] || source[2] != flow->source[2] || source[3] != flow->source[3]) return 0;
  return flow->types[rtp->type & 0x7f] == FORWARD_UP ? 0 : slot;
}

INLINE void rewrite(const struct forward_flow *flow, struct udphdr *udp, struct rtp *rtp, struct change *change) {
  __builtin_memcpy(&change->rest_before[0], udp, 4);
  __builtin_memcpy(&change->rest_before[1], rtp, 12);
  udp->source = flow->from_port;
  udp->dest = flow->to_port;
  rtp->type = (rtp->type & 0x80) | flow->types[rtp->type & 0x7f];
  rtp->sequence = swap(swap(rtp->sequence) + flow->sequence_offset);
  rtp->timestamp = __builtin_bswap32(__builtin_bswap32(rtp->timestamp) + flow->timestamp_offset);
  rtp->ssrc = flow->ssrc;
  __builtin_memcpy(&change->rest_after[0], udp, 4);
  __builtin_memcpy(&change->rest_after[1], rtp, 12);
}

INLINE void sum(struct __sk_buff *packet, __u32 at, struct change *change, __u32 addresses) {
  __s64 pseudo = csum_diff(change->addresses_before, addresses, change->addresses_after, addresses, 0);
  __s64 rest = csum_diff(change->rest_before, 16, change->rest_after, 16, 0);
  l4_csum_replace(packet, at, 0, (__u64)pseudo, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
  l4_csum_replace(packet, at, 0, (__u64)rest, BPF_F_MARK_MANGLED_0);
}

INLINE int forward4(struct __sk_buff *packet) {
  void *data = (void *)(long)packet->data, *end = (void *)(long)packet->data_end;
  struct iphdr *ip = data + ETH_HLEN;
  struct udphdr *udp = (void *)(ip + 1);
  struct rtp *rtp = (void *)(udp + 1);
  if ((void *)(rtp + 1) > end) return UP;
  __u32 total = swap(ip->tot_len);
  if (ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_UDP || ip->frag_off & swap(0x3fff) || ip->ttl < 2) return UP;
  if (total + ETH_HLEN > packet->len || total < 40 || swap(udp->len) != total - 20) return UP;
  struct forward_key key = {.address = {0, 0, __builtin_bswap32(0xffff), ip->daddr}, .port = udp->dest};
  __u32 source[4] = {0, 0, __builtin_bswap32(0xffff), ip->saddr};
  struct forward_slot *slot = slot_of(&key, source, udp->source, rtp);
  if (!slot || !note(slot, rtp, (__u16)(total - 28))) return UP;
  const struct forward_flow *flow = &slot->flow;
  struct change change;
  change.addresses_before[0] = ip->saddr;
  change.addresses_before[1] = ip->daddr;
  change.addresses_after[0] = ip->saddr = flow->from[3];
  change.addresses_after[1] = ip->daddr = flow->to[3];
  ip->tos = flow->traffic_class;
  ip->ttl = 64;
  ip->check = 0;
  __u16 *words = (void *)ip;
  __u32 header = 0;
  for (int i = 0; i < 10; i++) header += words[i];
  header = (header & 0xffff) + (header >> 16);
  ip->check = (__u16)~(header + (header >> 16));
  rewrite(flow, udp, rtp, &change);
  __u32 interface = flow->interface;
  if (udp->check) sum(packet, ETH_HLEN + sizeof *ip + 6, &change, 8);
  return (int)redirect_neigh(interface, 0, 0, 0);
}

INLINE int forward6(struct __sk_buff *packet) {
  void *data = (void *)(long)packet->data, *end = (void *)(long)packet->data_end;
  struct ipv6hdr *ip = data + ETH_HLEN;
  struct udphdr *udp = (void *)(ip + 1);
  struct rtp *rtp = (void *)(udp + 1);
  if ((void *)(rtp + 1) > end) return UP;
  __u32 length = swap(ip->payload_len);
  // A datagram without a sum is not legal here (RFC 8200 §8.1).
  if (ip->version != 6 || ip->nexthdr != IPPROTO_UDP || ip->hop_limit < 2 || !udp->check) return UP;
  if (length + 40 + ETH_HLEN > packet->len || length < 20 || swap(udp->len) != length) return UP;
  struct forward_key key = {.port = udp->dest};
  struct change change;
  __builtin_memcpy(key.address, &ip->daddr, 16);
  __builtin_memcpy(change.addresses_before, &ip->saddr, 32);
  struct forward_slot *slot = slot_of(&key, change.addresses_before, udp->source, rtp);
  if (!slot || !note(slot, rtp, (__u16)(length - 8))) return UP;
  const struct forward_flow *flow = &slot->flow;
  __builtin_memcpy(change.addresses_after, flow->from, 16);
  __builtin_memcpy(change.addresses_after + 4, flow->to, 16);
  __builtin_memcpy(&ip->saddr, change.addresses_after, 32);
  ip->priority = flow->traffic_class >> 4;
  ip->flow_lbl[0] = (__u8)(flow->traffic_class << 4);
  ip->flow_lbl[1] = ip->flow_lbl[2] = 0;
  ip->hop_limit = 64;
  rewrite(flow, udp, rtp, &change);
  __u32 interface = flow->interface;
  sum(packet, ETH_HLEN + sizeof *ip + 6, &change, 32);
  return (int)redirect_neigh(interface, 0, 0, 0);
}

SECTION("tcx/ingress") int forward(struct __sk_buff *packet) {
  if (packet->vlan_present || packet->gso_size) return UP;
  // The headers have to lie in one piece.
  __u32 needed = packet->protocol == swap(ETH_P_IP) ? 54 : 74;
  if (packet->len < needed) return UP;
  if ((void *)(long)packet->data + needed > (void *)(long)packet->data_end && pull_data(packet, needed)) return UP;
  if (packet->protocol == swap(ETH_P_IP)) return forward4(packet);
  return packet->protocol == swap(ETH_P_IPV6) ? forward6(packet) : UP;
}
