/*
 * gen: a synthetic OpenAI-compatible upstream and N measuring clients, in one process and one loop.
 *
 * The server under test stands between the two. Every token that the upstream sends carries a marker,
 * '@' + 16 hex digits + '@': the monotonic clock in nanoseconds just before send(). A client looks for
 * markers in whatever comes back and needs to know nothing of its framing (SSE, chunked, WebSocket), as long
 * as the server leaves a token's text whole. One clock stamps and reads, so that there is nothing to
 * synchronise; one core does it all, so that the other is the server's alone. It is C because a generator
 * in Python is saturated long before the servers are.
 *
 *   -u PORT    where the upstream listens
 *   -s PORT    the server under test
 *   -n N       clients; 0: be the upstream alone, until killed
 *   -r RATE    tokens a second in each stream
 *   -T TOKENS  length of a stream; endless unless given
 *   -m MODE    sse: POST the body and read the response; ws: upgrade, and send the body as the first message
 *   -P PATH    of the request
 *   -B BODY    of the request, or the first WebSocket message
 *   -R N       clients started per second, until all are there
 *   -w SEC     wait after every client has its first token, before measuring
 *   -d SEC     measure for so long
 *   -x SEC     measure even if some client has no first token by then
 *   -p PID     the server's process; its children are counted with it
 *
 * %ID% in PATH and BODY becomes a word that no other client has, of this run or another.
 * Prints GEN_READY when the upstream listens, and one line of JSON at the end; the first refusal by the
 * server goes to stderr. It answers no WebSocket pings: a run must be over before a server misses one.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t u64;

enum kind { LISTENER, STREAM, CLIENT };

/* What epoll hands back: the first member of everything that has a socket. */
struct conn {
    enum kind kind;
    int fd;
};

enum mode { SSE, WS };

struct options {
    int upstream_port, server_port, clients, ramp, server_pid;
    double rate, warm_s, window_s, longest_ramp_s;
    long tokens;
    enum mode mode;
    const char *path, *body;
};

/* Since the start. What a window saw is the difference of two copies. */
struct counts {
    long offered; /* tokens that were due; `skipped` of them met a full socket and were never sent */
    long skipped;
    long received;
    long first;   /* clients that have had a token */
    long silent;  /* clients that were closed before their first one */
    long closed;  /* clients that were closed */
    long refused; /* clients that were answered with anything but 200 or 101 */
    u64 bytes, reads;
};

/* Microseconds, kept only while the window is open. */
struct samples {
    uint32_t *us;
    long n;
};

extern struct options options;
extern struct counts counts;
extern struct samples delay; /* of a token: from send() in the upstream to recv() in the client */
extern struct samples late;  /* of the generator itself: how long after it was due a token was sent */
extern bool window_open;
extern char refusal[600]; /* the first one, as it came */

u64 now_ns(void);
void die(const char *what);
void watch(struct conn *conn, uint32_t events);
void rewatch(struct conn *conn, uint32_t events);
void unwatch_and_close(struct conn *conn);
void keep(struct samples *samples, u64 from_ns, u64 to_ns);
double percentile(struct samples *samples, double share); /* sorts; milliseconds, -1 if there is none */

/* upstream.c */
void upstream_prepare(void);
void upstream_listen(struct conn *listener);
void upstream_accept(struct conn *listener);
void upstream_ready(struct conn *conn, uint32_t events);
u64 upstream_send_due(u64 now); /* returns when the next token is due */

/* client.c */
void client_open(int id);
void client_ready(struct conn *conn, uint32_t events);
void client_first_tokens(struct samples *out);

/* cost.c */
void cost_find_processes(int root); /* the tree below `root`, as it is now */
double cost_cpu_s(void);
long cost_memory_kb(void);
double cost_own_cpu_s(void);
double cost_machine_cpu_s(double *stolen_s);
