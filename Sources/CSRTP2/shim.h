// The reference implementation of SRTP, which tests and benchmarks compare with; the product never links it.
#include <sys/select.h>
#include <srtp2/srtp.h>
