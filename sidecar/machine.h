/*
 * machine - how much memory there is for this process.
 *
 * That is the machine's, or what a control group grants (cgroups(7), either
 * version): systemd's MemoryMax= or a container's limit.
 */
#ifndef SIDECAR_MACHINE_H
#define SIDECAR_MACHINE_H

#include <stdint.h>

/* In bytes. */
uint64_t machine_memory(void);

/*
 * The least that the groups of a process allow: UINT64_MAX for no limit. cgroup
 * is the text of /proc/self/cgroup, root what stands for /sys/fs/cgroup.
 */
uint64_t machine_group_memory(const char *cgroup, const char *root);

#endif
