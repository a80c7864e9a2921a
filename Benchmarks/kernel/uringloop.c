// uringloop: the relay loop by io_uring: one multishot receive a socket into a ring of buffers, and sends by the ring, many of each in one system call.
//   uringloop FLOWS [WAIT_US]     WAIT_US: packets are gathered for so long (Linux 6.12), which they are late by
// Prints READY; the end of standard input ends it.
// Build: gcc -O2 -o uringloop uringloop.c
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "flows.h"

enum { ENTRIES = 4096, BUFFERS = 4096, SIZE = 512 };
enum { RECEIVES, SENDS, INPUT };

static int ring, gather_us;
static struct io_uring_params p;
static unsigned *sq_tail, *sq_head, *cq_tail, *cq_head, sq_mask, cq_mask, to_submit;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static struct io_uring_buf_ring *buffers;
static unsigned char *memory;
static struct msghdr header = {.msg_namelen = sizeof(struct sockaddr_in)};
static unsigned short used[BUFFERS];
static unsigned used_count;
static unsigned long long rearmed, failed;

static int enter(unsigned submit, unsigned complete) {
  struct { uint64_t sigmask; uint32_t sigmask_size, min_wait_us; uint64_t ts; } wait = {0, 8, (uint32_t)gather_us, 0};
  if (!gather_us || !complete) return (int)syscall(SYS_io_uring_enter, ring, submit, complete, IORING_ENTER_GETEVENTS, NULL, 0);
  return (int)syscall(SYS_io_uring_enter, ring, submit, 64, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &wait, sizeof wait);
}

static struct io_uring_sqe *next(void) {
  if (to_submit == ENTRIES) {
    int done = enter(to_submit, 0);
    if (done < 0) { perror("io_uring_enter"); exit(1); }
    to_submit -= (unsigned)done;
  }
  struct io_uring_sqe *sqe = &sqes[*sq_tail & sq_mask];
  memset(sqe, 0, sizeof *sqe);
  __atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
  to_submit++;
  return sqe;
}

static void arm(int leg) {
  struct io_uring_sqe *sqe = next();
  sqe->opcode = IORING_OP_RECVMSG;
  sqe->fd = leg;
  sqe->addr = (uint64_t)(uintptr_t)&header;
  sqe->len = 1;
  sqe->ioprio = IORING_RECV_MULTISHOT;
  sqe->flags = IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
  sqe->user_data = (uint64_t)leg << 8 | RECEIVES;
}

static void send_on(int leg, unsigned char *packet, unsigned length) {
  struct io_uring_sqe *sqe = next();
  sqe->opcode = IORING_OP_SEND;
  sqe->fd = leg;
  sqe->addr = (uint64_t)(uintptr_t)packet;
  sqe->len = length;
  sqe->msg_flags = MSG_DONTWAIT;
  sqe->addr2 = (uint64_t)(uintptr_t)&telephones[leg];
  sqe->addr_len = sizeof *telephones;
  // Done before the call returns that hands it over, so that its buffer is free then.
  sqe->flags = IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = SENDS;
}

static void give_back(void) {
  unsigned short tail = buffers->tail;
  for (unsigned i = 0; i < used_count; i++) {
    struct io_uring_buf *buffer = &buffers->bufs[(tail + i) & (BUFFERS - 1)];
    buffer->addr = (uint64_t)(uintptr_t)(memory + (size_t)used[i] * SIZE);
    buffer->len = SIZE;
    buffer->bid = used[i];
  }
  __atomic_store_n(&buffers->tail, (unsigned short)(tail + used_count), __ATOMIC_RELEASE);
  used_count = 0;
}

static void take(const struct io_uring_cqe *cqe) {
  int leg = (int)(cqe->user_data >> 8);
  if (!(cqe->flags & IORING_CQE_F_MORE)) { rearmed++; arm(leg); }
  if (cqe->res < 0 || !(cqe->flags & IORING_CQE_F_BUFFER)) return;
  unsigned short id = (unsigned short)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
  used[used_count++] = id;
  struct io_uring_recvmsg_out *out = (void *)(memory + (size_t)id * SIZE);
  unsigned char *packet = (unsigned char *)(out + 1) + header.msg_namelen;
  if (out->payloadlen < 12 || out->flags & MSG_TRUNC) return;
  packet[3]++;
  send_on(leg ^ 1, packet, out->payloadlen);
}

static void *map(size_t size, off_t offset) {
  void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
  if (at == MAP_FAILED) { perror("mmap"); exit(1); }
  return at;
}

static void open_ring(void) {
  p.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  p.cq_entries = 2 * ENTRIES;
  ring = (int)syscall(SYS_io_uring_setup, ENTRIES, &p);
  if (ring < 0) { perror("io_uring_setup"); exit(1); }
  unsigned char *sq = map(p.sq_off.array + p.sq_entries * 4, IORING_OFF_SQ_RING), *cq = map(p.cq_off.cqes + p.cq_entries * sizeof *cqes, IORING_OFF_CQ_RING);
  sqes = map(p.sq_entries * sizeof *sqes, IORING_OFF_SQES);
  sq_tail = (unsigned *)(sq + p.sq_off.tail); sq_head = (unsigned *)(sq + p.sq_off.head);
  cq_tail = (unsigned *)(cq + p.cq_off.tail); cq_head = (unsigned *)(cq + p.cq_off.head);
  sq_mask = p.sq_entries - 1; cq_mask = p.cq_entries - 1;
  cqes = (void *)(cq + p.cq_off.cqes);
  unsigned *array = (unsigned *)(sq + p.sq_off.array);
  for (unsigned i = 0; i < p.sq_entries; i++) array[i] = i;
  if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, sockets, count) < 0) { perror("files"); exit(1); }
  size_t size = BUFFERS * sizeof(struct io_uring_buf);
  buffers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  memory = mmap(NULL, (size_t)BUFFERS * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)buffers, .ring_entries = BUFFERS};
  if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &registration, 1) < 0) { perror("buffers"); exit(1); }
  for (unsigned i = 0; i < BUFFERS; i++) used[i] = (unsigned short)i;
  used_count = BUFFERS;
  give_back();
}

int main(int argc, char **argv) {
  if (argc < 2) { fprintf(stderr, "usage: uringloop FLOWS [WAIT_US]\n"); return 2; }
  gather_us = argc > 2 ? atoi(argv[2]) : 0;
  read_flows(argv[1]);
  open_ring();
  for (int i = 0; i < count; i++) arm(i);
  static unsigned char byte;
  struct io_uring_sqe *sqe = next();
  sqe->opcode = IORING_OP_READ;
  sqe->fd = 0;
  sqe->addr = (uint64_t)(uintptr_t)&byte;
  sqe->len = 1;
  sqe->user_data = INPUT;
  printf("READY\n");
  fflush(stdout);
  unsigned long long rounds = 0, packets = 0;
  for (int running = 1; running;) {
    int done = enter(to_submit, 1);
    if (done < 0 && errno != EINTR && errno != ETIME) { perror("io_uring_enter"); return 1; }
    if (done > 0) to_submit -= (unsigned)done;
    give_back();
    unsigned head = *cq_head, tail = __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE);
    rounds++;
    for (; head != tail && used_count < BUFFERS; head++) {
      struct io_uring_cqe *cqe = &cqes[head & cq_mask];
      switch (cqe->user_data & 0xff) {
      case RECEIVES: take(cqe); packets++; break;
      case SENDS: failed++; break;
      default: running = 0;
      }
    }
    __atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
  }
  printf("{\"packets\":%llu,\"rounds\":%llu,\"rearmed\":%llu,\"failed\":%llu}\n", packets, rounds, rearmed - (rearmed < (unsigned)count ? rearmed : 0), failed);
  return 0;
}
