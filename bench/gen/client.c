/* The measuring clients: each asks once and then looks for markers in what comes back. */
#include "gen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MARKER 18 /* '@' + 16 hex digits + '@' */

struct client {
    struct conn conn;
    int id;
    enum { CONNECTING, UPGRADING, WAITING, READING } state;
    u64 asked, first; /* nanoseconds; first token is 0 until it is there */
    char cut[MARKER]; /* the end of the last read, where a marker may have begun */
    int cut_length;
    struct client *next;
};

static struct client *clients;

static void leave(struct client *client) {
    counts.closed++;
    if (!client->first) counts.silent++;
    unwatch_and_close(&client->conn);
}

static void refuse(struct client *client, const char *answer) {
    counts.refused++;
    if (!*refusal) snprintf(refusal, sizeof refusal, "%.*s", (int)sizeof refusal - 1, answer);
    leave(client);
}

void client_open(int id) {
    struct client *client = calloc(1, sizeof *client);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(options.server_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0) die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *client = (struct client){.conn = {CLIENT, fd}, .id = id, .next = clients};
    clients = client;
    if (connect(fd, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        leave(client);
        return;
    }
    watch(&client->conn, EPOLLOUT);
}

void client_first_tokens(struct samples *out) {
    out->us = malloc((options.clients + 1) * sizeof *out->us);
    for (struct client *client = clients; client; client = client->next)
        if (client->first) out->us[out->n++] = (client->first - client->asked) / 1000;
}

/* --- Asking ----------------------------------------------------------------------------------------------- */

static void write_all(struct client *client, const void *bytes, int length) {
    if (send(client->conn.fd, bytes, length, MSG_NOSIGNAL) != length) leave(client);
}

/* The template with %ID% replaced; ids of two runs differ by the process id. */
static void fill_in(char *out, const char *template, int id) {
    while (*template) {
        if (strncmp(template, "%ID%", 4)) *out++ = *template++;
        else {
            out += sprintf(out, "%xx%x", (unsigned)getpid(), id);
            template += 4;
        }
    }
    *out = 0;
}

static void ask_http(struct client *client, const char *path) {
    char body[4096], out[8192];
    fill_in(body, options.body, client->id);
    int length = sprintf(out,
                         "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                         "Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s",
                         path, options.server_port, (int)strlen(body), body);
    client->state = WAITING;
    client->asked = now_ns();
    write_all(client, out, length);
}

static void ask_to_upgrade(struct client *client, const char *path) {
    char out[4096];
    int length = sprintf(out,
                         "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                         "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                         path, options.server_port, options.server_port);
    client->state = UPGRADING;
    write_all(client, out, length);
}

/* One masked text frame; a mask of zeroes leaves the text as it is. */
static void ask_over_websocket(struct client *client) {
    char body[4096], out[4200];
    fill_in(body, options.body, client->id);
    int length = strlen(body), at = 0;
    out[at++] = (char)0x81;
    if (length < 126) out[at++] = (char)(0x80 | length);
    else {
        out[at++] = (char)(0x80 | 126);
        out[at++] = (char)(length >> 8);
        out[at++] = (char)length;
    }
    memset(out + at, 0, 4);
    memcpy(out + at + 4, body, length);
    client->state = READING;
    client->asked = now_ns();
    write_all(client, out, at + 4 + length);
}

static void ask(struct client *client) {
    char path[2048];
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->conn.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        leave(client);
        return;
    }
    rewatch(&client->conn, EPOLLIN);
    fill_in(path, options.path, client->id);
    if (options.mode == SSE) ask_http(client, path);
    else ask_to_upgrade(client, path);
}

/* --- Reading ---------------------------------------------------------------------------------------------- */

/* The number in 16 hex digits, or 0 when they are something else. */
static u64 stamp_in(const char *digits) {
    u64 value = 0;
    for (int i = 0; i < 16; i++) {
        char c = digits[i];
        if (c >= '0' && c <= '9') value = value << 4 | (u64)(c - '0');
        else if (c >= 'a' && c <= 'f') value = value << 4 | (u64)(c - 'a' + 10);
        else return 0;
    }
    return value;
}

static void count_token(struct client *client, u64 stamp, u64 now) {
    counts.received++;
    if (!client->first) {
        client->first = now;
        counts.first++;
    }
    keep(&delay, stamp, now);
}

static void find_markers(struct client *client, const char *bytes, int length, u64 now) {
    const char *end = bytes + length, *at = bytes;
    while ((at = memchr(at, '@', end - at)) && end - at >= MARKER) {
        u64 stamp = at[MARKER - 1] == '@' ? stamp_in(at + 1) : 0;
        if (stamp) count_token(client, stamp, now);
        at += stamp ? MARKER : 1;
    }
    client->cut_length = at ? (int)(end - at) : 0;
    if (at) memcpy(client->cut, at, client->cut_length);
}

#define READ (256 * 1024)

static void read_some(struct client *client) {
    static char bytes[MARKER + READ + 1];
    memcpy(bytes, client->cut, client->cut_length);
    int got = recv(client->conn.fd, bytes + client->cut_length, READ, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        leave(client);
        return;
    }
    u64 now = now_ns();
    int length = client->cut_length + got;
    bytes[length] = 0;
    counts.bytes += got;
    counts.reads++;

    if (client->state == UPGRADING) {
        if (strncmp(bytes, "HTTP/1.1 101", 12)) refuse(client, bytes);
        else ask_over_websocket(client); /* nothing of interest can have come before it was asked */
        return;
    }
    if (client->state == WAITING) { /* a server sends its status line in one piece */
        client->state = READING;
        if (strncmp(bytes, "HTTP/1.1 200", 12)) {
            refuse(client, bytes);
            return;
        }
    }
    find_markers(client, bytes, length, now);
}

void client_ready(struct conn *conn, uint32_t events) {
    struct client *client = (struct client *)conn;
    (void)events;
    if (client->state == CONNECTING) ask(client);
    else read_some(client);
}
