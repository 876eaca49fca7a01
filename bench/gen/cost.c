/* What the server under test costs: processor time and memory of its whole process tree. See proc(5). */
#include "gen.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MANY 512

static int pids[MANY], n_pids;

static bool slurp(const char *path, char *out, int room) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) return false;
    int got = read(fd, out, room - 1);
    close(fd);
    if (got > 0) out[got] = 0;
    return got > 0;
}

static int parent_of(int pid) {
    char path[64], stat[1024];
    int parent = 0;
    sprintf(path, "/proc/%d/stat", pid);
    if (slurp(path, stat, sizeof stat)) sscanf(strrchr(stat, ')') + 1, " %*c %d", &parent);
    return parent;
}

static bool is_counted(int pid) {
    for (int i = 0; i < n_pids; i++)
        if (pids[i] == pid) return true;
    return false;
}

/* Walks /proc until nothing new is found, since a child's number may be lower than its parent's. */
void cost_find_processes(int root) {
    n_pids = 0;
    if (!root) return;
    pids[n_pids++] = root;
    for (int before = 0; before != n_pids;) {
        before = n_pids;
        DIR *proc = opendir("/proc");
        for (struct dirent *entry; (entry = readdir(proc));) {
            int pid = atoi(entry->d_name);
            if (pid && n_pids < MANY && !is_counted(pid) && is_counted(parent_of(pid))) pids[n_pids++] = pid;
        }
        closedir(proc);
    }
}

/* Nanosecond counts of each thread; /proc/PID/stat has only ticks of 10 ms. */
static double threads_cpu_s(int pid) {
    char path[64], file[400], line[128];
    double total = 0;
    sprintf(path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return 0;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%s/%s/schedstat", path, entry->d_name);
        if (slurp(file, line, sizeof line)) total += strtoull(line, 0, 10) / 1e9;
    }
    closedir(tasks);
    return total;
}

double cost_cpu_s(void) {
    double total = 0;
    for (int i = 0; i < n_pids; i++) total += threads_cpu_s(pids[i]);
    return total;
}

/* Pss: what several processes share is divided among them, so that a sum counts nothing twice. */
long cost_memory_kb(void) {
    char path[64], rollup[4096];
    long total = 0;
    for (int i = 0; i < n_pids; i++) {
        sprintf(path, "/proc/%d/smaps_rollup", pids[i]);
        if (!slurp(path, rollup, sizeof rollup)) continue;
        const char *pss = strstr(rollup, "\nPss:");
        if (pss) total += atol(pss + 5);
    }
    return total;
}

double cost_own_cpu_s(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Of all processors together: busy, and stolen by the host. */
double cost_machine_cpu_s(double *stolen_s) {
    char stat[512];
    unsigned long user = 0, nice = 0, system = 0, irq = 0, softirq = 0, stolen = 0;
    double ticks = sysconf(_SC_CLK_TCK);
    if (slurp("/proc/stat", stat, sizeof stat))
        sscanf(stat, "cpu %lu %lu %lu %*u %*u %lu %lu %lu", &user, &nice, &system, &irq, &softirq, &stolen);
    *stolen_s = stolen / ticks;
    return (user + nice + system + irq + softirq) / ticks;
}
