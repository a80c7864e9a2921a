/* A fax terminal made of spandsp alone, in real time: knows nothing of our code.
 *   fax_end make FILE                     writes a small TIFF of two pages
 *   fax_end same FILE FILE                exit status 0 where both hold the same dots
 *   fax_end t38|sound send|receive FILE LOCAL-ADDRESS LOCAL-PORT REMOTE-ADDRESS REMOTE-PORT SECONDS
 * The last ends with a line "result N pages N rate N ecm N"; result 0 is good. */
#include <arpa/inet.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <tiffio.h>
#include <unistd.h>

enum { WIDTH = 1728, ROW = WIDTH / 8, PAGES = 2, ROWS = 60 };

static void dots(int page, int row, unsigned char *line) {
    memset(line, 0, ROW);
    if (row % 5 == 0) return;
    for (int place = 0; place < ROW; place++) line[place] = ((place / (3 + page)) * 7 + row / 3) % 5 < 2 ? 0xF0 >> (row % 4) : 0;
}

static int make(const char *path) {
    TIFF *file = TIFFOpen(path, "w");
    if (!file) return 2;
    unsigned char line[ROW];
    for (int page = 0; page < PAGES; page++) {
        TIFFSetField(file, TIFFTAG_IMAGEWIDTH, WIDTH);
        TIFFSetField(file, TIFFTAG_IMAGELENGTH, ROWS);
        TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 1);
        TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
        TIFFSetField(file, TIFFTAG_COMPRESSION, COMPRESSION_CCITT_T6);
        TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
        TIFFSetField(file, TIFFTAG_XRESOLUTION, 204.0);
        TIFFSetField(file, TIFFTAG_YRESOLUTION, 98.0);
        TIFFSetField(file, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
        TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, ROWS);
        for (int row = 0; row < ROWS; row++) {
            dots(page, row, line);
            TIFFWriteScanline(file, line, row, 0);
        }
        TIFFWriteDirectory(file);
    }
    TIFFClose(file);
    return 0;
}

static int same(const char *one, const char *other) {
    TIFF *files[2] = {TIFFOpen(one, "r"), TIFFOpen(other, "r")};
    if (!files[0] || !files[1]) return 2;
    for (int page = 0;; page++) {
        uint32_t rows[2] = {0, 0};
        uint16_t photometric[2] = {0, 0};
        for (int i = 0; i < 2; i++) {
            TIFFGetField(files[i], TIFFTAG_IMAGELENGTH, &rows[i]);
            TIFFGetField(files[i], TIFFTAG_PHOTOMETRIC, &photometric[i]);
        }
        if (rows[0] != rows[1]) return 1;
        for (uint32_t row = 0; row < rows[0]; row++) {
            unsigned char lines[2][ROW];
            for (int i = 0; i < 2; i++) {
                if (TIFFScanlineSize(files[i]) != ROW || TIFFReadScanline(files[i], lines[i], row, 0) != 1) return 1;
                if (photometric[i] == PHOTOMETRIC_MINISBLACK)
                    for (int place = 0; place < ROW; place++) lines[i][place] ^= 0xFF;
            }
            if (memcmp(lines[0], lines[1], ROW)) return 1;
        }
        int more[2] = {TIFFReadDirectory(files[0]), TIFFReadDirectory(files[1])};
        if (more[0] != more[1]) return 1;
        if (!more[0]) return page + 1 == PAGES ? 0 : 1;
    }
}

static int line = -1, over = 0, result = -1;
static t30_stats_t figures;
static struct sockaddr_in far;

static void send_to(const void *bytes, int count) { sendto(line, bytes, count, 0, (struct sockaddr *)&far, sizeof far); }

static void ended(t30_state_t *t30, void *user, int code) {
    (void)user;
    result = code;
    over = 1;
    t30_get_transfer_statistics(t30, &figures);
}

/* UDPTL with two copies of earlier packets. */
static struct { uint8_t bytes[300]; int count; } sent[4];
static unsigned number = 0;

static int transmit(t38_core_state_t *core, void *user, const uint8_t *bytes, int count, int times) {
    (void)core, (void)user;
    uint8_t packet[1200];
    int length = 0;
    if (count > 120) return -1;
    packet[length++] = number >> 8;
    packet[length++] = number;
    packet[length++] = count;
    memcpy(packet + length, bytes, count);
    length += count;
    int copies = number < 2 ? number : 2;
    packet[length++] = 0;
    packet[length++] = copies;
    for (int ago = 1; ago <= copies; ago++) {
        int slot = (number - ago) & 3;
        packet[length++] = sent[slot].count;
        memcpy(packet + length, sent[slot].bytes, sent[slot].count);
        length += sent[slot].count;
    }
    memcpy(sent[number & 3].bytes, bytes, count);
    sent[number & 3].count = count;
    number = (number + 1) & 0xFFFF;
    while (times-- > 0) send_to(packet, length);
    return 0;
}

static int open_type(const uint8_t *packet, int length, int *place) {
    if (*place >= length) return -1;
    int count = packet[(*place)++];
    if (count >= 0x80) {
        if (count >= 0xC0 || *place >= length) return -1;
        count = (count & 0x3F) << 8 | packet[(*place)++];
    }
    return *place + count <= length ? count : -1;
}

static void receive_t38(t38_core_state_t *core, const uint8_t *packet, int length) {
    static int expected = 0;
    if (length < 4) return;
    int seq = packet[0] << 8 | packet[1], place = 2;
    int count = open_type(packet, length, &place);
    if (count < 0) return;
    const uint8_t *primary = packet + place, *copies[16];
    int counts[16], known = 0;
    place += count;
    if (place + 1 < length && packet[place] == 0) {
        int told = packet[place + 1];
        place += 2;
        while (known < told && known < 16 && (counts[known] = open_type(packet, length, &place)) >= 0) {
            copies[known] = packet + place;
            place += counts[known++];
        }
    }
    for (int ago = known; ago > 0; ago--)
        if (seq - ago >= expected) t38_core_rx_ifp_packet(core, copies[ago - 1], counts[ago - 1], seq - ago);
    if (seq >= expected) t38_core_rx_ifp_packet(core, primary, count, seq);
    if (seq >= expected) expected = seq + 1;
}

/* RTP of A-law, played out three packets late. */
enum { RING = 64 };
static struct { int16_t samples[160]; int there; } ring[RING];
static int begun = 0;
static uint16_t due;

static void receive_sound(const uint8_t *packet, int length) {
    if (length != 172 || (packet[1] & 0x7F) != 8) return;
    uint16_t seq = packet[2] << 8 | packet[3];
    if (!begun) due = seq - 3, begun = 1;
    if ((int16_t)(seq - due) < 0 || (int16_t)(seq - due) >= RING) return;
    for (int i = 0; i < 160; i++) ring[seq % RING].samples[i] = alaw_to_linear(packet[12 + i]);
    ring[seq % RING].there = 1;
}

static void run_sound(fax_state_t *fax) {
    static uint16_t seq = 100;
    static uint32_t stamp = 5000;
    int16_t samples[160];
    uint8_t packet[172] = {0x80, 8, seq >> 8, seq & 0xFF, stamp >> 24, stamp >> 16, stamp >> 8, stamp, 1, 2, 3, 4};
    memset(samples, 0, sizeof samples);
    fax_tx(fax, samples, 160);
    for (int i = 0; i < 160; i++) packet[12 + i] = linear_to_alaw(samples[i]);
    send_to(packet, sizeof packet);
    seq++;
    stamp += 160;
    if (begun && ring[due % RING].there) {
        fax_rx(fax, ring[due % RING].samples, 160);
        ring[due % RING].there = 0;
    } else {
        fax_rx_fillin(fax, 160);
    }
    if (begun) due++;
}

int main(int count, char **words) {
    if (count == 3 && !strcmp(words[1], "make")) return make(words[2]);
    if (count == 4 && !strcmp(words[1], "same")) return same(words[2], words[3]);
    if (count != 9) return 2;
    int is_t38 = !strcmp(words[1], "t38"), sends = !strcmp(words[2], "send"), seconds = atoi(words[8]);
    struct sockaddr_in near = {.sin_family = AF_INET, .sin_port = htons(atoi(words[5]))};
    far = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(words[7]))};
    inet_pton(AF_INET, words[4], &near.sin_addr);
    inet_pton(AF_INET, words[6], &far.sin_addr);
    line = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(line, (struct sockaddr *)&near, sizeof near)) return perror("bind"), 2;
    t38_terminal_state_t *terminal = is_t38 ? t38_terminal_init(NULL, sends, transmit, NULL) : NULL;
    fax_state_t *fax = is_t38 ? NULL : fax_init(NULL, sends);
    if (fax) fax_set_transmit_on_idle(fax, 1);
    t30_state_t *t30 = is_t38 ? t38_terminal_get_t30_state(terminal) : fax_get_t30_state(fax);
    t30_set_ecm_capability(t30, 1);
    t30_set_supported_modems(t30, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
    t30_set_supported_compressions(t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
    if (sends) t30_set_tx_file(t30, words[3], -1, -1);
    else t30_set_rx_file(t30, words[3], -1);
    t30_set_phase_e_handler(t30, ended, NULL);
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (int tick = 0, left = -1; tick < seconds * 50 && left != 0; tick++) {
        if ((at.tv_nsec += 20000000) >= 1000000000) at.tv_nsec -= 1000000000, at.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        uint8_t packet[2000];
        ssize_t length;
        while ((length = recv(line, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
            if (is_t38) receive_t38(t38_terminal_get_t38_core_state(terminal), packet, length);
            else receive_sound(packet, length);
        }
        if (is_t38) t38_terminal_send_timeout(terminal, 160);
        else run_sound(fax);
        if (over && left < 0) left = 50;
        if (left > 0) left--;
    }
    int pages = sends ? figures.pages_tx : figures.pages_rx;
    printf("result %d pages %d rate %d ecm %d\n", result, pages, figures.bit_rate, figures.error_correcting_mode);
    return result == 0 ? 0 : 1;
}
