// Programs that are run, with plain types for the reason given in csys.h. Errors are negative errno values.
#ifndef CSYS_PROCESS_H
#define CSYS_PROCESS_H

// Starts a program found on PATH with a pipe to its input and one from its output; its errors go nowhere, and no other
// descriptor of this process is open in it. Returns its process number.
int csys_start(const char *program, char *const arguments[], char *const environment[], int *input, int *output);

// Writes to a pipe: one that nobody reads any more gives -EPIPE, and no signal. Returns how many bytes were written.
long csys_pipe_write(int fd, const void *bytes, unsigned long count);

#endif
