/* The synthetic model: answers every POST with an endless stream in the shape of OpenAI's, at a set pace. */
#include "gen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK(delta, finish)                                                                                   \
    "data: {\"id\":\"chatcmpl-B1\",\"object\":\"chat.completion.chunk\",\"created\":1741569952,"              \
    "\"model\":\"synthetic\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_44709d6fcb\","           \
    "\"choices\":[{\"index\":0,\"delta\":" delta ",\"logprobs\":null,\"finish_reason\":" finish "}]}\n\n"

static const char OPENING[] = CHUNK("{\"role\":\"assistant\",\"content\":\"\"}", "null");
static const char TOKEN[] = CHUNK("{\"content\":\" @0000000000000000@\"}", "null");
static const char ENDING[] = CHUNK("{}", "\"stop\"") "data: [DONE]\n\n";

static const char STREAM_HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                                  "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char MODELS[] = "{\"object\":\"list\",\"data\":[{\"id\":\"synthetic\",\"object\":\"model\",\"created\":1}]}";

/* One connection from the server under test. */
struct stream {
    struct conn conn;
    bool streaming;
    bool queued; /* it is in the queue of those that have a token due */
    struct stream *next;
    u64 due;
    long sent;
    char *request;
    int length, room;
    char *unsent; /* what did not fit into the socket */
    int unsent_length, unsent_offset;
};

static char token[1024]; /* TOKEN as an HTTP chunk; only its marker changes */
static int token_length, marker_at;
static struct stream *head, *tail; /* by due time */
static u64 interval_ns;

static int as_http_chunk(char *out, const char *event) {
    return sprintf(out, "%x\r\n%s\r\n", (int)strlen(event), event);
}

void upstream_prepare(void) {
    token_length = as_http_chunk(token, TOKEN);
    marker_at = (int)(strchr(token, '@') - token) + 1;
    interval_ns = (u64)(1e9 / options.rate);
}

void upstream_listen(struct conn *listener) {
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(options.upstream_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 4096)) die("listen");
    *listener = (struct conn){LISTENER, fd};
    watch(listener, EPOLLIN);
}

void upstream_accept(struct conn *listener) {
    for (int fd, on = 1; (fd = accept4(listener->fd, 0, 0, SOCK_NONBLOCK)) >= 0;) {
        struct stream *stream = calloc(1, sizeof *stream);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        stream->conn = (struct conn){STREAM, fd};
        watch(&stream->conn, EPOLLIN);
    }
}

/* --- The queue of streams, by due time -------------------------------------------------------------------- */

static void enqueue_last(struct stream *stream) {
    stream->next = 0;
    stream->queued = true;
    if (tail) tail->next = stream;
    else head = stream;
    tail = stream;
}

static void enqueue_in_order(struct stream *stream) {
    struct stream **at = &head;
    while (*at && (*at)->due <= stream->due) at = &(*at)->next;
    stream->next = *at;
    stream->queued = true;
    *at = stream;
    if (!stream->next) tail = stream;
}

static struct stream *dequeue(void) {
    struct stream *stream = head;
    head = stream->next;
    if (!head) tail = 0;
    stream->queued = false;
    return stream;
}

/* --- Sending ---------------------------------------------------------------------------------------------- */

static void give_up(struct stream *stream) {
    stream->streaming = false;
    unwatch_and_close(&stream->conn);
}

/* Sends, or keeps what does not fit for later. */
static void put(struct stream *stream, const char *bytes, int length) {
    int sent = send(stream->conn.fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == length) return;
    if (sent < 0 && errno != EAGAIN) {
        give_up(stream);
        return;
    }
    if (sent < 0) sent = 0;
    stream->unsent_length = length - sent;
    stream->unsent_offset = 0;
    stream->unsent = malloc(stream->unsent_length);
    memcpy(stream->unsent, bytes + sent, stream->unsent_length);
    rewatch(&stream->conn, EPOLLIN | EPOLLOUT);
}

static void put_rest(struct stream *stream) {
    int sent = send(stream->conn.fd, stream->unsent + stream->unsent_offset,
                    stream->unsent_length - stream->unsent_offset, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) {
        give_up(stream);
        return;
    }
    if (sent > 0) stream->unsent_offset += sent;
    if (stream->unsent_offset < stream->unsent_length) return;
    free(stream->unsent);
    stream->unsent = 0;
    rewatch(&stream->conn, EPOLLIN);
}

static void put_token(struct stream *stream) {
    char out[4096];
    int length = token_length;
    u64 stamp = now_ns();
    for (int i = 15; i >= 0; i--, stamp >>= 4) token[marker_at + i] = "0123456789abcdef"[stamp & 15];
    counts.offered++;
    if (stream->unsent) {
        counts.skipped++;
        return;
    }
    memcpy(out, token, token_length);
    if (++stream->sent >= options.tokens) {
        length += as_http_chunk(out + length, ENDING);
        length += sprintf(out + length, "0\r\n\r\n");
        stream->streaming = false;
    }
    put(stream, out, length);
}

static void begin(struct stream *stream) {
    char out[4096];
    int length = sprintf(out, "%s", STREAM_HEAD);
    length += as_http_chunk(out + length, OPENING);
    stream->streaming = true;
    stream->sent = 0;
    put(stream, out, length);
    if (stream->streaming) put_token(stream); /* the first at once; the others in a phase of their own */
    stream->due = now_ns() + (u64)((double)rand() / RAND_MAX * interval_ns) + 1;
    if (stream->streaming && !stream->queued) enqueue_in_order(stream);
}

/* At most so many at a time, so that reading does not starve while sending is behind. */
#define AT_ONCE 256

u64 upstream_send_due(u64 now) {
    for (int i = 0; i < AT_ONCE && head && head->due <= now; i++) {
        struct stream *stream = dequeue();
        if (!stream->streaming) continue;
        keep(&late, stream->due, now_ns());
        put_token(stream);
        stream->due += interval_ns;
        if (stream->streaming) enqueue_last(stream);
    }
    return head ? head->due : UINT64_MAX;
}

/* --- Requests --------------------------------------------------------------------------------------------- */

static bool is_complete(const char *request, int length) {
    const char *end = strstr(request, "\r\n\r\n");
    if (!end) return false;
    const char *sized = strcasestr(request, "\r\ncontent-length:");
    if (sized && sized < end) return length >= end + 4 - request + atol(sized + 17);
    const char *chunked = strcasestr(request, "\r\ntransfer-encoding: chunked");
    if (chunked && chunked < end) return strstr(end + 2, "\r\n0\r\n\r\n");
    return true;
}

static void answer(struct stream *stream) {
    char out[512];
    if (!strncmp(stream->request, "POST ", 5)) {
        begin(stream);
        return;
    }
    int length = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                         (int)strlen(MODELS), MODELS);
    put(stream, out, length);
}

static void read_request(struct stream *stream) {
    if (stream->room - stream->length < 16384) {
        stream->room = stream->room ? stream->room * 2 : 32768;
        stream->request = realloc(stream->request, stream->room + 1);
    }
    int got = recv(stream->conn.fd, stream->request + stream->length, stream->room - stream->length, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        give_up(stream);
        return;
    }
    stream->length += got;
    stream->request[stream->length] = 0;
    if (stream->streaming || !is_complete(stream->request, stream->length)) return;
    stream->length = 0;
    answer(stream);
}

void upstream_ready(struct conn *conn, uint32_t events) {
    struct stream *stream = (struct stream *)conn;
    if (events & EPOLLOUT && stream->unsent) put_rest(stream);
    if (conn->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_request(stream);
}
