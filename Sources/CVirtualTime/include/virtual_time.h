#include <stdint.h>

/// Sets what gettimeofday() tells this thread from now on, in microseconds since 1970.
///
/// OpenSSL reads that clock for the retransmissions of DTLS; a test that links this module moves it.
void virtual_time_set(int64_t microseconds);

/// Gives this thread the system's time back.
void virtual_time_end(void);
