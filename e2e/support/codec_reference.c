/* The codec libraries called plainly: what our encoders and decoders are compared with.
 *   codec_reference encode|decode CODEC IN OUT [BITRATE COMPLEXITY]
 *   codec_reference noise - IN OUT
 * CODEC: pcmu pcma g722 g729 g729b opus8 opus16 opus48. Samples are raw, 16 bits, one channel, at the codec's rate; packets hold 20 ms
 * and are records: a length in two bytes, big-endian, then the payload. An empty record is a packet that was not sent or is lost: it is made
 * up by the codec, or by spandsp's plc, which is made for 8 kHz. */
#include <sys/select.h>
#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
#include <opus.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rate, frame;
static int bitrate = 20000, complexity = 5;

static void fail(const char *why) {
  fprintf(stderr, "codec_reference: %s\n", why);
  exit(2);
}

static void encode(const char *codec, FILE *in, FILE *out) {
  int16_t pcm[960];
  uint8_t bytes[4000];
  g722_encode_state_t *g722 = g722_encode_init(NULL, 64000, 0);
  bcg729EncoderChannelContextStruct *g729 = initBcg729EncoderChannel(strcmp(codec, "g729b") == 0);
  OpusEncoder *opus = NULL;
  if (strncmp(codec, "opus", 4) == 0) {
    opus = opus_encoder_create(rate, 1, OPUS_APPLICATION_VOIP, NULL);
    opus_encoder_ctl(opus, OPUS_SET_BITRATE(bitrate));
    opus_encoder_ctl(opus, OPUS_SET_COMPLEXITY(complexity));
  }
  for (;;) {
    size_t read = fread(pcm, 2, frame, in);
    if (read == 0) break;
    memset(pcm + read, 0, 2 * (frame - read));
    int size = 0;
    if (strcmp(codec, "pcmu") == 0)
      for (; size < frame; size++) bytes[size] = linear_to_ulaw(pcm[size]);
    else if (strcmp(codec, "pcma") == 0)
      for (; size < frame; size++) bytes[size] = linear_to_alaw(pcm[size]);
    else if (strcmp(codec, "g722") == 0)
      size = g722_encode(g722, bytes, pcm, frame);
    else if (opus)
      size = opus_encode(opus, pcm, frame, bytes, sizeof bytes);
    else
      for (int half = 0; half < 2; half++) {
        uint8_t length;
        bcg729Encoder(g729, pcm + 80 * half, bytes + size, &length);
        size += length;
      }
    if (size < 0) fail("the library encodes nothing");
    fputc(size >> 8, out);
    fputc(size & 255, out);
    fwrite(bytes, 1, size, out);
  }
}

static void decode(const char *codec, FILE *in, FILE *out) {
  int16_t pcm[5760];
  uint8_t bytes[65536];
  g722_decode_state_t *g722 = g722_decode_init(NULL, 64000, 0);
  bcg729DecoderChannelContextStruct *g729 = initBcg729DecoderChannel();
  OpusDecoder *opus = strncmp(codec, "opus", 4) == 0 ? opus_decoder_create(rate, 1, NULL) : NULL;
  plc_state_t *plc = plc_init(NULL);
  int conceals = opus || strncmp(codec, "g729", 4) == 0;
  for (;;) {
    int high = fgetc(in), low = fgetc(in), count = 0;
    if (low == EOF) break;
    int size = high << 8 | low;
    if (fread(bytes, 1, size, in) != (size_t)size) fail("cut short");
    if (size == 0 && !conceals)
      count = plc_fillin(plc, pcm, frame);
    else if (strcmp(codec, "pcmu") == 0)
      for (; count < size; count++) pcm[count] = ulaw_to_linear(bytes[count]);
    else if (strcmp(codec, "pcma") == 0)
      for (; count < size; count++) pcm[count] = alaw_to_linear(bytes[count]);
    else if (strcmp(codec, "g722") == 0)
      count = g722_decode(g722, pcm, bytes, size);
    else if (opus)
      count = opus_decode(opus, size ? bytes : NULL, size, pcm, size ? 5760 : frame, 0);
    else
      for (int at = 0; count < frame; count += 80) {
        int left = size - at, length = left >= 10 ? 10 : left;
        bcg729Decoder(g729, length ? bytes + at : NULL, length, length == 0, length == 2, 0, pcm + count);
        at += length;
      }
    if (count < 0) fail("the library decodes nothing");
    if (size && !conceals) plc_rx(plc, pcm, count);
    fwrite(pcm, 2, count, out);
  }
}

/* What bcg729 says of the noise it last described, in the form of RFC 3389. */
static void describe(FILE *in, FILE *out) {
  int16_t pcm[80];
  uint8_t bytes[10], length, payload[11];
  bcg729EncoderChannelContextStruct *g729 = initBcg729EncoderChannel(1);
  while (fread(pcm, 2, 80, in) == 80) {
    bcg729Encoder(g729, pcm, bytes, &length);
    if (length == 2) bcg729GetRFC3389Payload(g729, payload);
  }
  fwrite(payload, 1, sizeof payload, out);
}

int main(int argc, char **argv) {
  if (argc < 5) fail("usage: codec_reference encode|decode CODEC IN OUT [BITRATE COMPLEXITY]");
  const char *codec = argv[2];
  rate = strcmp(codec, "g722") == 0 ? 16000 : strncmp(codec, "opus", 4) == 0 ? atoi(codec + 4) * 1000 : 8000;
  frame = rate / 50;
  if (argc > 5) bitrate = atoi(argv[5]);
  if (argc > 6) complexity = atoi(argv[6]);
  FILE *in = fopen(argv[3], "rb"), *out = fopen(argv[4], "wb");
  if (!in || !out) fail("cannot open a file");
  if (strcmp(argv[1], "encode") == 0)
    encode(codec, in, out);
  else if (strcmp(argv[1], "noise") == 0)
    describe(in, out);
  else
    decode(codec, in, out);
  return fclose(out) == 0 ? 0 : 2;
}
