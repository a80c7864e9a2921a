// opusspy: writes how a process's Opus encoders are set, for Benchmarks/media.
//   OPUS_SETTINGS=FILE [OPUS_EQUAL='COMPLEXITY APPLICATION BITRATE'] LD_PRELOAD=opusspy.so PROGRAM
// One line of JSON for the 20th packet of each of the first encoders. OPUS_EQUAL is set on every encoder before its first packet, so that two
// programs are compared at the same work. Build: gcc -O2 -shared -fPIC -o opusspy.so opusspy.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <opus/opus.h>
#include <opus/opus_multistream.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 1024, TOLD = 8 };
static struct { void *encoder; int packets; } seen[MOST];

// Which packet of its encoder this is; 0 for encoders beyond those that are followed.
static int packet_of(void *encoder, int *place) {
  for (int i = 0; i < MOST; i++) {
    if (!seen[i].encoder) seen[i].encoder = encoder;
    if (seen[i].encoder == encoder) { *place = i; return ++seen[i].packets; }
  }
  return 0;
}

static void equal(void *encoder, int (*control)(void *, int, ...)) {
  const char *text = getenv("OPUS_EQUAL");
  int complexity, application, bitrate;
  if (!text || sscanf(text, "%d %d %d", &complexity, &application, &bitrate) != 3) return;
  control(encoder, OPUS_SET_APPLICATION(application));
  control(encoder, OPUS_SET_COMPLEXITY(complexity));
  control(encoder, OPUS_SET_BITRATE(bitrate));
  control(encoder, OPUS_SET_VBR(1));
  control(encoder, OPUS_SET_VBR_CONSTRAINT(1));
  control(encoder, OPUS_SET_INBAND_FEC(0));
  control(encoder, OPUS_SET_PACKET_LOSS_PERC(0));
  control(encoder, OPUS_SET_DTX(0));
  control(encoder, OPUS_SET_SIGNAL(OPUS_AUTO));
  control(encoder, OPUS_SET_MAX_BANDWIDTH(OPUS_BANDWIDTH_FULLBAND));
  control(encoder, OPUS_SET_BANDWIDTH(OPUS_AUTO));
}

#define VALUE(get, name) opus_int32 name = -1; control(encoder, get(&name))
static void tell(void *encoder, int (*control)(void *, int, ...), int frame, int bytes, int channels) {
  const char *path = getenv("OPUS_SETTINGS");
  FILE *file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  VALUE(OPUS_GET_BITRATE, bitrate);
  VALUE(OPUS_GET_COMPLEXITY, complexity);
  VALUE(OPUS_GET_VBR, vbr);
  VALUE(OPUS_GET_INBAND_FEC, fec);
  VALUE(OPUS_GET_DTX, dtx);
  VALUE(OPUS_GET_SAMPLE_RATE, rate);
  VALUE(OPUS_GET_APPLICATION, application);
  VALUE(OPUS_GET_BANDWIDTH, bandwidth);
  VALUE(OPUS_GET_PACKET_LOSS_PERC, loss);
  fprintf(file, "{\"bitrate\":%d,\"complexity\":%d,\"channels\":%d,\"rate\":%d,\"vbr\":%d,\"fec\":%d,\"dtx\":%d,\"loss\":%d,\"application\":%d,\"bandwidth\":%d,\"frame\":%d,\"bytes\":%d}\n",
          bitrate, complexity, channels, rate, vbr, fec, dtx, loss, application, bandwidth, frame, bytes);
  fclose(file);
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

#define SPY(name, encoder_type, sample, control_name)                                                                            \
  opus_int32 name(encoder_type *encoder, const sample *pcm, int frame, unsigned char *data, opus_int32 most) {                  \
    static opus_int32 (*next)(encoder_type *, const sample *, int, unsigned char *, opus_int32);                                \
    if (!next) next = real(#name);                                                                                              \
    int place = 0, packet = packet_of(encoder, &place);                                                                         \
    if (packet == 1) equal(encoder, real(control_name));                                                                        \
    opus_int32 bytes = next(encoder, pcm, frame, data, most);                                                                   \
    if (packet == 20 && place < TOLD) tell(encoder, real(control_name), frame, bytes, data[0] & 4 ? 2 : 1);                                  \
    return bytes;                                                                                                               \
  }
SPY(opus_encode, OpusEncoder, opus_int16, "opus_encoder_ctl")
SPY(opus_encode_float, OpusEncoder, float, "opus_encoder_ctl")
SPY(opus_multistream_encode, OpusMSEncoder, opus_int16, "opus_multistream_encoder_ctl")
SPY(opus_multistream_encode_float, OpusMSEncoder, float, "opus_multistream_encoder_ctl")
