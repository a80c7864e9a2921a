// mediaload: telephones that send and take back RTP or SRTP, paced as telephones are.
//   mediaload LEGS WARMUP_S SECONDS [delays]
// One leg a line of LEGS: LOCAL REMOTE_IP REMOTE_PORT FRAMES PAYLOAD_TYPE UNITS SENDS SENDING_KEY TAKING_KEY
//   LOCAL       a port of 127.0.0.1, or IP:PORT@NAMESPACE for an address of a network namespace (`ip netns`)
//   FRAMES      a file of encoded frames of 20 ms (records of CodecBench encode: a length in two bytes, big-endian, then the payload), played in a loop;
//               `-` for 160 bytes that carry the time they were sent
//   UNITS       RTP timestamp units of a frame
//   SENDS       1 for every frame, N for one in N frames (a telephone that listens and shows it is there), 0 for none
//   ..._KEY     master key and salt of AES_CM_128_HMAC_SHA1_80 in hexadecimal (30 bytes), or `-` for RTP
// The sockets and the pacing are those of `udpraw paced` (../sip/udpraw.c): connected, one packet each 20 ms, one slot a millisecond, what
// came back taken when the next packet is sent. `delays` has the kernel stamp arrivals, which costs the sender time: not for CPU figures.
// The port above each is bound and not read: reports meet an open port. Prints READY, MEASURE_START, MEASURE_END and one line of JSON.
// Build: gcc -O2 -o mediaload mediaload.c -lcrypto
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TAG = 10, KEY = 30, STEPS = 20000, STEP_NS = 5000, MOST = 4096 };
static const uint32_t MAGIC = 0x4d425331;

typedef struct { char *name; unsigned char *bytes; uint32_t *starts, count; } Frames;
typedef struct { EVP_CIPHER_CTX *cipher; HMAC_CTX *mac; unsigned char salt[16]; } Crypto;
typedef struct {
  int fd, payload_type, sends, got;
  uint32_t units, ssrc, timestamp, frame, next_taken;
  uint16_t sequence;
  Frames *frames;
  Crypto *out, *in;
  int64_t last_delay;
  int heard;  // 1 after the first packet
  uint16_t last_heard;
} Leg;

static Leg *legs;
static int leg_count, measuring, delays;
static uint32_t run;  // of each start its own: the packets of another turn are no replay of the last one's
static Frames kinds[64];
static int kind_count;
static uint64_t sent, sent_measured, send_errors, taken, taken_measured, marked, unauthentic, late_ticks, bytes_measured, gaps;
static uint64_t delay_steps[STEPS], jitter_steps[STEPS], longest_delay;

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what, const char *which) {
  fprintf(stderr, "mediaload: %s %s: %s\n", what, which, strerror(errno));
  exit(2);
}

// ---------------------------------------------------------------- frames
static Frames *frames_of(const char *name) {
  if (!strcmp(name, "-")) return NULL;
  for (int i = 0; i < kind_count; i++) if (!strcmp(kinds[i].name, name)) return &kinds[i];
  FILE *file = fopen(name, "r");
  if (!file || kind_count == 64) fail("frames", name);
  Frames *k = &kinds[kind_count++];
  k->name = strdup(name);
  k->bytes = malloc(16 << 20);
  size_t size = fread(k->bytes, 1, 16 << 20, file);
  fclose(file);
  k->starts = malloc(sizeof *k->starts * (size / 2 + 1));
  for (uint32_t at = 0; at + 2 <= size;) {
    uint16_t length = (uint16_t)(k->bytes[at] << 8 | k->bytes[at + 1]);
    if (at + 2 + length > size || length > 1400) fail("frame", name);
    k->starts[k->count++] = at;
    at += 2u + length;
  }
  if (!k->count) fail("no frames in", name);
  return k;
}

// ---------------------------------------------------------------- SRTP (RFC 3711: AES-CM with 128 bits, HMAC-SHA1 with 80)
static void derive(const unsigned char *master, int label, unsigned char *key, int length) {
  unsigned char block[16] = {0}, zero[64] = {0};
  memcpy(block, master + 16, 14);
  block[7] ^= (unsigned char)label;
  EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  int n;
  EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, master, block);
  EVP_EncryptUpdate(c, key, &n, zero, length);
  EVP_CIPHER_CTX_free(c);
}

static Crypto *crypto_of(const char *text) {
  if (!strcmp(text, "-")) return NULL;
  unsigned char master[KEY], key[16], auth[20];
  for (int i = 0; i < KEY; i++) {
    unsigned byte;
    if (sscanf(text + 2 * i, "%2x", &byte) != 1) fail("key", text);
    master[i] = (unsigned char)byte;
  }
  Crypto *c = calloc(1, sizeof *c);
  derive(master, 0, key, 16);
  derive(master, 1, auth, 20);
  derive(master, 2, c->salt, 14);
  c->cipher = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(c->cipher, EVP_aes_128_ctr(), NULL, key, NULL);
  c->mac = HMAC_CTX_new();
  HMAC_Init_ex(c->mac, auth, 20, EVP_sha1(), NULL);
  return c;
}

// The roll-over counter is 0: a run is shorter than 2^15 packets and begins with a low number.
static void crypt_payload(Crypto *c, unsigned char *packet, int length) {
  unsigned char iv[16] = {0};
  int n;
  memcpy(iv, c->salt, 14);
  for (int i = 0; i < 4; i++) iv[4 + i] ^= packet[8 + i];
  iv[12] ^= packet[2];
  iv[13] ^= packet[3];
  EVP_EncryptInit_ex(c->cipher, NULL, NULL, NULL, iv);
  EVP_EncryptUpdate(c->cipher, packet + 12, &n, packet + 12, length - 12);
}

static void tag_of(Crypto *c, const unsigned char *packet, int length, unsigned char *tag) {
  unsigned char roc[4] = {0}, digest[20];
  unsigned n;
  HMAC_Init_ex(c->mac, NULL, 0, NULL, NULL);
  HMAC_Update(c->mac, packet, (size_t)length);
  HMAC_Update(c->mac, roc, 4);
  HMAC_Final(c->mac, digest, &n);
  memcpy(tag, digest, TAG);
}

static int protect(Crypto *c, unsigned char *packet, int length) {
  crypt_payload(c, packet, length);
  tag_of(c, packet, length, packet + length);
  return length + TAG;
}

static int unprotect(Crypto *c, unsigned char *packet, int length) {
  unsigned char tag[TAG];
  if (length < 12 + TAG) return -1;
  length -= TAG;
  tag_of(c, packet, length, tag);
  if (memcmp(tag, packet + length, TAG)) return -1;
  crypt_payload(c, packet, length);
  return length;
}

// ---------------------------------------------------------------- sockets
static in_addr_t address = 0x0100007f;  // of the telephones: 127.0.0.1 in network order

// Reads an address and goes to its network namespace; returns the port.
static int go_to(char *local) {
  static char there[128];
  char *port = strchr(local, ':'), *name = strchr(local, '@'), path[256];
  if (!port || !name) return atoi(local);
  *port = *name = 0;
  address = inet_addr(local);
  if (strcmp(there, name + 1)) {
    snprintf(path, sizeof path, "/run/netns/%s", strncpy(there, name + 1, sizeof there - 1));
    int fd = open(path, O_RDONLY);
    if (fd < 0 || setns(fd, CLONE_NEWNET)) fail("namespace", path);
    close(fd);
  }
  return atoi(port + 1);
}

static int socket_on(int port, int buffer) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = address};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  char text[16];
  snprintf(text, sizeof text, "%d", port);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0) fail("port", text);
  return fd;
}

static void open_leg(int local, const char *ip, int remote, Leg leg) {
  int on = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)remote)};
  leg.fd = socket_on(local, 1 << 20);
  (void)socket_on(local + 1, 2048);
  if (inet_pton(AF_INET, ip, &to.sin_addr) != 1 || connect(leg.fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect", ip);
  if (delays) setsockopt(leg.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  leg.ssrc = (uint32_t)(leg_count + 1) * 2654435761u ^ run;
  leg.sequence = (uint16_t)(leg_count * 7 & 0x3fff);
  leg.timestamp = (uint32_t)leg_count * 160u;
  leg.frame = (uint32_t)leg_count * 37u;
  leg.last_delay = -1;
  legs = realloc(legs, sizeof *legs * (size_t)(leg_count + 1));
  legs[leg_count++] = leg;
}

// ---------------------------------------------------------------- what comes back
static void note_delay(Leg *leg, const unsigned char *payload, uint64_t arrived) {
  uint32_t magic, is_measured;
  uint64_t began;
  memcpy(&magic, payload, 4);
  memcpy(&is_measured, payload + 4, 4);
  memcpy(&began, payload + 8, 8);
  if (magic != MAGIC || !is_measured) return;
  marked++;
  if (!arrived) return;
  int64_t delay = arrived > began ? (int64_t)(arrived - began) : 0;
  uint64_t step = (uint64_t)delay / STEP_NS;
  delay_steps[step < STEPS ? step : STEPS - 1]++;
  if ((uint64_t)delay > longest_delay) longest_delay = (uint64_t)delay;
  if (leg->last_delay >= 0) {
    step = (uint64_t)llabs(delay - leg->last_delay) / STEP_NS;
    jitter_steps[step < STEPS ? step : STEPS - 1]++;
  }
  leg->last_delay = delay;
}

static long receive(Leg *leg, unsigned char *packet, uint64_t *arrived) {
  *arrived = 0;
  if (!delays) return recv(leg->fd, packet, 2048, 0);
  char control[64] __attribute__((aligned(16)));
  struct iovec vector = {packet, 2048};
  struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  long length = recvmsg(leg->fd, &header, 0);
  if (length < 0) return length;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec t;
      memcpy(&t, CMSG_DATA(c), sizeof t);
      *arrived = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    }
  return length;
}

// What is missing in the sequence of what is heard; a packet that comes after a later one fills its gap.
static void note_sequence(Leg *leg, const unsigned char *packet) {
  uint16_t number = (uint16_t)(packet[2] << 8 | packet[3]);
  int16_t ahead = (int16_t)(number - leg->last_heard);
  if (!leg->heard || ahead > 0) {
    if (leg->heard && ahead > 1) gaps += (uint64_t)(ahead - 1);
    leg->last_heard = number;
    leg->heard = 1;
  } else if (ahead < 0 && gaps) gaps--;
}

static void drain(Leg *leg) {
  static unsigned char packet[2048];
  uint64_t arrived;
  long length;
  while ((length = receive(leg, packet, &arrived)) > 0) {
    if (length < 12 || packet[0] >> 6 != 2 || (packet[1] >= 192 && packet[1] <= 223)) continue;
    taken++;
    if (measuring) { taken_measured++; bytes_measured += (uint64_t)length; }
    if (leg->in && (length = unprotect(leg->in, packet, (int)length)) < 0) { unauthentic++; continue; }
    note_sequence(leg, packet);
    if (length >= 12 + 16) note_delay(leg, packet + 12, arrived);
  }
}

// ---------------------------------------------------------------- what goes out
static void send_one(Leg *leg) {
  static unsigned char packet[2048];
  unsigned char *payload = packet + 12;
  int length = 160;
  if (leg->frames) {
    const unsigned char *frame = leg->frames->bytes + leg->frames->starts[leg->frame++ % leg->frames->count];
    length = frame[0] << 8 | frame[1];
    memcpy(payload, frame + 2, (size_t)length);
  } else {
    uint32_t is_measured = (uint32_t)measuring;
    uint64_t time = clock_ns(CLOCK_REALTIME);
    memset(payload, 0xd5, 160);
    memcpy(payload, &MAGIC, 4);
    memcpy(payload + 4, &is_measured, 4);
    memcpy(payload + 8, &time, 8);
  }
  uint16_t sequence = htons(leg->sequence++);
  uint32_t timestamp = htonl(leg->timestamp), ssrc = htonl(leg->ssrc);
  leg->timestamp += leg->units;
  packet[0] = 0x80;
  packet[1] = (unsigned char)leg->payload_type | (leg->got++ == 0 ? 0x80 : 0);
  memcpy(packet + 2, &sequence, 2);
  memcpy(packet + 4, &timestamp, 4);
  memcpy(packet + 8, &ssrc, 4);
  length += 12;
  if (leg->out) length = protect(leg->out, packet, length);
  if (send(leg->fd, packet, (size_t)length, 0) < 0) { send_errors++; return; }
  sent++;
  if (measuring) sent_measured++;
}

static double percentile(const uint64_t *steps, double part) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i < STEPS; i++) all += steps[i];
  if (!all) return -1;
  for (int i = 0; i < STEPS; i++) if ((seen += steps[i]) >= part * all) return (i + 1) * (STEP_NS / 1e6);
  return -1;
}

static void mark(const char *name) {
  printf("%s\n", name);
  fflush(stdout);
}

static void report(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double loss = sent_measured && marked ? 100.0 * (1 - (double)marked / sent_measured) : -1;
  printf("{\"legs\":%d,\"sent\":%llu,\"taken\":%llu,\"sent_measured\":%llu,\"taken_measured\":%llu,\"bytes_measured\":%llu,\"send_errors\":%llu,"
         "\"unauthentic\":%llu,\"late_ticks\":%llu,\"gaps\":%llu,\"loss_pct\":%.4f",
         leg_count, (unsigned long long)sent, (unsigned long long)taken, (unsigned long long)sent_measured, (unsigned long long)taken_measured,
         (unsigned long long)bytes_measured, (unsigned long long)send_errors, (unsigned long long)unauthentic, (unsigned long long)late_ticks, (unsigned long long)gaps, loss);
  if (delays)
    printf(",\"delay_ms\":[%.3f,%.3f,%.3f,%.3f],\"jitter_ms\":[%.3f,%.3f,%.3f]", percentile(delay_steps, .5), percentile(delay_steps, .99),
           percentile(delay_steps, .999), (double)longest_delay / 1e6, percentile(jitter_steps, .5), percentile(jitter_steps, .99),
           percentile(jitter_steps, .999));
  printf(",\"generator_cpu_s\":%.2f}\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "usage: mediaload LEGS WARMUP_S SECONDS [delays]\n"); return 2; }
  double warm = atof(argv[2]), seconds = atof(argv[3]);
  delays = argc > 4 && !strcmp(argv[4], "delays");
  run = (uint32_t)clock_ns(CLOCK_REALTIME) * 2246822519u;
  struct rlimit files = {20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);
  FILE *list = fopen(argv[1], "r");
  int remote, type, units, sends;
  char local[128], ip[64], frames[512], out[128], in[128];
  while (list && fscanf(list, "%127s %63s %d %511s %d %d %d %127s %127s", local, ip, &remote, frames, &type, &units, &sends, out, in) == 9)
    open_leg(go_to(local), ip, remote, (Leg){.payload_type = type, .units = (uint32_t)units, .sends = sends, .frames = frames_of(frames), .out = crypto_of(out), .in = crypto_of(in)});
  if (!leg_count) fail("no legs in", argv[1]);
  mark("READY");
  uint64_t begin = clock_ns(CLOCK_MONOTONIC), warm_ticks = (uint64_t)(warm * 1000), ticks = warm_ticks + (uint64_t)(seconds * 1000);
  for (uint64_t tick = 0; tick < ticks; tick++) {
    uint64_t due = begin + tick * 1000000u, now = clock_ns(CLOCK_MONOTONIC);
    if (now > due + 5000000u) late_ticks++;
    if (now < due) {
      struct timespec rest = {0, (long)(due - now)};
      nanosleep(&rest, NULL);
    }
    if (tick == warm_ticks) { measuring = 1; mark("MEASURE_START"); }
    for (int i = (int)(tick % 20); i < leg_count; i += 20) {
      if (legs[i].sends && (tick / 20 + (uint64_t)i) % (uint64_t)legs[i].sends == 0) send_one(&legs[i]);
      drain(&legs[i]);
    }
  }
  mark("MEASURE_END");
  measuring = 0;
  usleep(300000);
  for (int i = 0; i < leg_count; i++) drain(&legs[i]);
  report();
  return 0;
}
