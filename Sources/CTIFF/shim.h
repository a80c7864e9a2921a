// First, so that every module that brings sys/select.h along sees it alike.
#include <sys/select.h>
#include <tiffio.h>

// Functions of variable arguments are not imported.
static inline uint32_t tiff_width(TIFF *file) {
    uint32_t value = 0;
    TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &value);
    return value;
}

static inline uint32_t tiff_length(TIFF *file) {
    uint32_t value = 0;
    TIFFGetField(file, TIFFTAG_IMAGELENGTH, &value);
    return value;
}

static inline uint16_t tiff_photometric(TIFF *file) {
    uint16_t value = 0;
    TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &value);
    return value;
}
