// What the program in the kernel and the one in user space share: the flows, and the journal of what was forwarded.
#ifndef FORWARD_H
#define FORWARD_H
// Plain types: the program for the kernel is compiled without a C library.

enum {
  FORWARD_RECORDS = 128,  // of one flow's journal; a power of two
  FORWARD_FULL = 96,      // with so many unread ones, packets go up: the rest is for processors that write at once
  FORWARD_UP = 0xff,      // a payload type that user space deals with
  FORWARD_VOID = 0xff,    // a record without a packet: the flow was being taken back, and the packet went up
};

// A local address and port, in network order; an IPv4 address as ::ffff:a.b.c.d.
struct forward_key {
  unsigned int address[4];
  unsigned short port;
  unsigned short zero;
};

// Where packets of one source go, and as what. Addresses, ports and SSRCs in network order.
struct forward_flow {
  unsigned int source[4], to[4], from[4];
  unsigned short source_port, to_port, from_port;
  unsigned char traffic_class, zero;
  unsigned int source_ssrc, ssrc;
  unsigned int timestamp_offset;
  unsigned short sequence_offset, zeros;
  unsigned int interface;    // they leave by this one
  unsigned char types[128];  // by payload type
};

// One forwarded packet, as it came.
struct forward_record {
  unsigned int stamp;  // its number + 1, written last
  unsigned int timestamp;
  unsigned long long time;  // CLOCK_MONOTONIC, in nanoseconds
  unsigned short sequence;
  unsigned short length;  // of the RTP packet
  unsigned char type;     // payload type, and the marker in the top bit
  unsigned char is_void;
  unsigned short zero;
};

// A flow and its journal, in memory that both sides see. The map of flows only says which one belongs to a key: what it says may be out of date
// for a moment, as its memory is used again at once, while this is left alone long enough for any packet that is on its way.
struct forward_slot {
  struct forward_flow flow;
  unsigned int apart[4];
  unsigned int head;    // records taken by the kernel
  unsigned int closed;  // no more packets are to be forwarded
  unsigned int zeros[14];
  unsigned int tail;  // records read by user space
  unsigned int more_zeros[15];
  struct forward_record records[FORWARD_RECORDS];
};
#endif
