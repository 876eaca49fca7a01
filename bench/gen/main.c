/* The loop, the window in which is measured, and the line that says what was seen. gen.h has the options. */
#include "gen.h"
#include <signal.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct options options = {.upstream_port = 18080,
                          .server_port = 8000,
                          .clients = 100,
                          .ramp = 500,
                          .rate = 50,
                          .warm_s = 2,
                          .window_s = 6,
                          .longest_ramp_s = 60,
                          .tokens = 1000000000,
                          .path = "/v1/chat/completions",
                          .body = "{}"};
struct counts counts;
struct samples delay, late;
bool window_open;
char refusal[600];

static int epoll;

/* --- What the other files need ---------------------------------------------------------------------------- */

u64 now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000ull + t.tv_nsec;
}

void die(const char *what) {
    perror(what);
    exit(2);
}

void watch(struct conn *conn, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = conn};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, conn->fd, &event)) die("epoll_ctl");
}

void rewatch(struct conn *conn, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = conn};
    epoll_ctl(epoll, EPOLL_CTL_MOD, conn->fd, &event);
}

/* The struct stays: epoll may still hand it back in this turn of the loop. */
void unwatch_and_close(struct conn *conn) {
    if (conn->fd < 0) return;
    close(conn->fd);
    conn->fd = -1;
}

#define MOST_SAMPLES 20000000

void keep(struct samples *samples, u64 from_ns, u64 to_ns) {
    if (!window_open || samples->n == MOST_SAMPLES) return;
    u64 us = to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0;
    samples->us[samples->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

double percentile(struct samples *samples, double share) {
    if (!samples->n) return -1;
    qsort(samples->us, samples->n, sizeof *samples->us, by_size);
    return samples->us[(long)((samples->n - 1) * share)] / 1000.0;
}

/* --- The window ------------------------------------------------------------------------------------------- */

struct reading {
    u64 at;
    double server_s, own_s, machine_s, stolen_s;
    struct counts counts;
};

static struct reading take_reading(void) {
    struct reading r = {.counts = counts};
    r.machine_s = cost_machine_cpu_s(&r.stolen_s);
    r.own_s = cost_own_cpu_s();
    r.server_s = cost_cpu_s();
    r.at = now_ns();
    return r;
}

static void report(struct reading from, struct reading to, long memory_before_kb, long memory_kb) {
    double window_s = (to.at - from.at) / 1e9, server_s = to.server_s - from.server_s;
    double own_s = to.own_s - from.own_s, machine_s = to.machine_s - from.machine_s;
    long offered = to.counts.offered - from.counts.offered, received = to.counts.received - from.counts.received;
    u64 reads = to.counts.reads - from.counts.reads, bytes = to.counts.bytes - from.counts.bytes;
    /* The machine's total is sampled by ticks, so that an idle one may come out below what we know exactly. */
    double others_s = machine_s > server_s + own_s ? machine_s - server_s - own_s : 0;
    struct samples first = {0};
    client_first_tokens(&first);

    printf("{\"clients\": %d, \"rate\": %g, \"window_s\": %.3f, ", options.clients, options.rate, window_s);
    printf("\"offered\": %ld, \"skipped\": %ld, \"received\": %ld, ", offered,
           to.counts.skipped - from.counts.skipped, received);
    printf("\"cpu_us\": %.3f, \"server_util\": %.4f, ", received ? server_s * 1e6 / received : -1,
           server_s / window_s);
    printf("\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, ", percentile(&delay, .5), percentile(&delay, .99),
           percentile(&delay, 1));
    printf("\"first_p50_ms\": %.3f, \"first_p99_ms\": %.3f, ", percentile(&first, .5), percentile(&first, .99));
    printf("\"memory_before_kb\": %ld, \"memory_kb\": %ld, \"kb_per_stream\": %.2f, ", memory_before_kb, memory_kb,
           (memory_kb - memory_before_kb) / (double)options.clients);
    printf("\"tokens_per_read\": %.3f, \"bytes_per_token\": %.1f, ", reads ? received / (double)reads : 0,
           received ? bytes / (double)received : 0);
    printf("\"first\": %ld, \"closed\": %ld, \"refused\": %ld, ", counts.first, counts.closed, counts.refused);
    printf("\"gen_util\": %.4f, \"gen_late_p99_ms\": %.3f, \"others_util\": %.4f, \"stolen_s\": %.2f}\n",
           own_s / window_s, percentile(&late, .99), others_s / window_s,
           to.stolen_s - from.stolen_s);
    if (*refusal) fprintf(stderr, "%s\n", refusal);
}

/* --- The loop --------------------------------------------------------------------------------------------- */

static void handle(struct conn *conn, uint32_t events) {
    if (conn->fd < 0) return;
    switch (conn->kind) {
    case LISTENER: upstream_accept(conn); break;
    case STREAM: upstream_ready(conn, events); break;
    case CLIENT: client_ready(conn, events); break;
    }
}

/* Sleeps until something can be read or the next token is due; at most 2 ms, for the ramp and the window. */
static void wait_and_handle(u64 due) {
    struct epoll_event events[1024];
    u64 now = now_ns(), until = now + 2000000;
    if (due < until) until = due;
    struct timespec timeout = {0, until > now ? (long)(until - now) : 0};
    int n = epoll_pwait2(epoll, events, 1024, &timeout, 0);
    for (int i = 0; i < n; i++) handle(events[i].data.ptr, events[i].events);
}

static void run(void) {
    long memory_before_kb = cost_memory_kb();
    u64 begun = now_ns(), warm_until = 0;
    struct reading from = {0};
    for (int opened = 0;;) {
        u64 now = now_ns();
        double passed_s = (now - begun) / 1e9;
        while (opened < options.clients && opened <= passed_s * options.ramp) client_open(opened++);
        u64 due = upstream_send_due(now);

        bool all_begun = opened == options.clients && counts.first + counts.silent >= options.clients;
        if (!warm_until && options.clients && (all_begun || passed_s > options.longest_ramp_s))
            warm_until = now + (u64)(options.warm_s * 1e9);
        if (warm_until && !window_open && now >= warm_until) {
            cost_find_processes(options.server_pid);
            window_open = true;
            from = take_reading();
        }
        if (window_open && now >= from.at + (u64)(options.window_s * 1e9)) break;
        wait_and_handle(due);
    }
    struct reading to = take_reading();
    report(from, to, memory_before_kb, cost_memory_kb());
}

static void read_options(int argc, char **argv) {
    for (int o; (o = getopt(argc, argv, "u:s:n:r:T:m:P:B:R:w:d:x:p:")) > 0;) switch (o) {
        case 'u': options.upstream_port = atoi(optarg); break;
        case 's': options.server_port = atoi(optarg); break;
        case 'n': options.clients = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'T': options.tokens = atol(optarg); break;
        case 'm': options.mode = strcmp(optarg, "ws") ? SSE : WS; break;
        case 'P': options.path = optarg; break;
        case 'B': options.body = optarg; break;
        case 'R': options.ramp = atoi(optarg); break;
        case 'w': options.warm_s = atof(optarg); break;
        case 'd': options.window_s = atof(optarg); break;
        case 'x': options.longest_ramp_s = atof(optarg); break;
        case 'p': options.server_pid = atoi(optarg); break;
        default: exit(2);
        }
}

int main(int argc, char **argv) {
    struct conn listener;
    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    delay.us = malloc(MOST_SAMPLES * sizeof *delay.us);
    late.us = malloc(MOST_SAMPLES * sizeof *late.us);
    epoll = epoll_create1(0);
    cost_find_processes(options.server_pid);
    upstream_prepare();
    upstream_listen(&listener);
    puts("GEN_READY");
    fflush(stdout);
    run();
}
