/*
 * fuzz - what libFuzzer calls with inputs of its own making.
 *
 * fuzz_NAME.c defines it and aborts when a promise does not hold. Configured
 * with --enable-fuzzers it becomes a libFuzzer program, and `make fuzz` runs
 * it; else replay.c feeds it corpus/NAME, and `make check` runs that.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
