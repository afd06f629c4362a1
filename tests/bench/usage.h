/*
 * usage - what other processes have used of the machine.
 */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time of all threads that a process has now; 0 when there is no such process. */
uint64_t usage_cpu_ns(pid_t pid);

/* Memory that a process has resident. */
uint64_t usage_rss_kib(pid_t pid);

#endif
