// First, so that every module that brings sys/select.h along sees it alike.
#include <sys/select.h>
#include <spandsp.h>
