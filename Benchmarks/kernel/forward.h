// What the program in the kernel and the one in user space share: the flows, and the journal of what was forwarded.
#ifndef FORWARD_H
#define FORWARD_H
#include <linux/types.h>

enum {
  FORWARD_RECORDS = 128,  // of one flow's journal; a power of two
  FORWARD_FULL = 96,      // with so many unread ones, packets go up: the rest is for processors that write at once
  FORWARD_UP = 0xff,      // a payload type that user space deals with
  FORWARD_VOID = 0xff,    // a record without a packet: the flow was being taken back, and the packet went up
};

// A local address and port, in network order; an IPv4 address as ::ffff:a.b.c.d.
struct forward_key {
  __u32 address[4];
  __u16 port;
  __u16 zero;
};

// Where packets of one source go, and as what. Addresses, ports and SSRCs in network order.
struct forward_flow {
  __u32 source[4], to[4], from[4];
  __u16 source_port, to_port, from_port;
  __u8 traffic_class, zero;
  __u32 source_ssrc, ssrc;
  __u32 timestamp_offset;
  __u16 sequence_offset, zeros;
  __u32 interface;  // it leaves by this one
  __u32 slot;       // its journal
  __u8 types[128];  // by payload type
};

// One forwarded packet, as it came.
struct forward_record {
  __u32 stamp;  // its number + 1, written last
  __u32 timestamp;
  __u64 time;  // CLOCK_MONOTONIC, in nanoseconds
  __u16 sequence;
  __u16 length;  // of the RTP packet
  __u8 type;     // payload type, and the marker in the top bit
  __u8 is_void;
  __u16 zero;
};

// Memory that both sides see.
struct forward_slot {
  __u32 head;    // records taken by the kernel
  __u32 closed;  // no more packets are to be forwarded
  __u32 zeros[14];
  __u32 tail;  // records read by user space
  __u32 more_zeros[15];
  struct forward_record records[FORWARD_RECORDS];
};
#endif
