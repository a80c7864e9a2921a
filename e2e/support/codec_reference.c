/* The codec libraries called plainly: what our encoders and decoders are compared with, and what telephones of the tests speak.
 *   codec_reference encode|encode10 CODEC IN OUT [BITRATE COMPLEXITY [LOSS]]
 *   codec_reference decode|decode10 CODEC IN OUT
 *   codec_reference resample FROM-TO IN OUT      8000-16000: by speexdsp, at its quality for voice
 *   codec_reference noise - IN OUT
 * CODEC: pcmu pcma g722 g729 g729b opus8 opus16 opus48. Samples are raw, 16 bits, one channel, at the codec's rate; packets hold 20 ms
 * (10 where the mode says so) and are records: a length in two bytes, big-endian, then the payload. An empty record is a packet that was not sent or is lost: it is made
 * up by the codec (Opus takes what the next packet brings of it), or by spandsp's plc, which is made for 8 kHz. LOSS: in per cent, of Opus,
 * whose packets then bring the one before once more. */
#include <sys/select.h>
#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
#include <opus.h>
#include <spandsp.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rate, frame;
static int bitrate = 20000, complexity = 5, loss = 0;

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
    opus_encoder_ctl(opus, OPUS_SET_PACKET_LOSS_PERC(loss));
    opus_encoder_ctl(opus, OPUS_SET_INBAND_FEC(loss > 0));
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
      for (int half = 0; half < frame / 80; half++) {
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

/* The length of the packet after this one, which is read and put back. */
static int peek(FILE *in, uint8_t *bytes) {
  long here = ftell(in);
  int high = fgetc(in), low = fgetc(in), size = low == EOF ? 0 : high << 8 | low;
  if (fread(bytes, 1, size, in) != (size_t)size) fail("cut short");
  fseek(in, here, SEEK_SET);
  return size;
}

static void decode(const char *codec, FILE *in, FILE *out) {
  int16_t pcm[5760];
  uint8_t bytes[65536], next[65536];
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
    else if (opus && size)
      count = opus_decode(opus, bytes, size, pcm, 5760, 0);
    else if (opus) {
      int length = peek(in, next);
      count = opus_decode(opus, length ? next : NULL, length, pcm, frame, length > 0);
    }
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

static void resample(const char *rates, FILE *in, FILE *out) {
  int from = 0, to = 0;
  if (sscanf(rates, "%d-%d", &from, &to) != 2) fail("FROM-TO");
  SpeexResamplerState *state = speex_resampler_init(1, from, to, SPEEX_RESAMPLER_QUALITY_VOIP, NULL);
  int16_t pcm[960], other[6000];
  for (size_t read; (read = fread(pcm, 2, from / 50, in)) > 0;) {
    spx_uint32_t taken = read, given = 6000;
    speex_resampler_process_int(state, 0, pcm, &taken, other, &given);
    fwrite(other, 2, given, out);
  }
}

int main(int argc, char **argv) {
  if (argc < 5) fail("usage: codec_reference encode|encode10|decode|decode10|resample|noise CODEC IN OUT [BITRATE COMPLEXITY [LOSS]]");
  const char *codec = argv[2];
  rate = strcmp(codec, "g722") == 0 ? 16000 : strncmp(codec, "opus", 4) == 0 ? atoi(codec + 4) * 1000 : 8000;
  frame = strstr(argv[1], "10") ? rate / 100 : rate / 50;
  if (argc > 5) bitrate = atoi(argv[5]);
  if (argc > 6) complexity = atoi(argv[6]);
  if (argc > 7) loss = atoi(argv[7]);
  FILE *in = fopen(argv[3], "rb"), *out = fopen(argv[4], "wb");
  if (!in || !out) fail("cannot open a file");
  if (strncmp(argv[1], "encode", 6) == 0)
    encode(codec, in, out);
  else if (strcmp(argv[1], "noise") == 0)
    describe(in, out);
  else if (strcmp(argv[1], "resample") == 0)
    resample(codec, in, out);
  else
    decode(codec, in, out);
  return fclose(out) == 0 ? 0 : 2;
}
