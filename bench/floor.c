/*
 * floor: the smallest relay there can be. One thread, one recv and one send for each read, no parsing.
 * What it costs is what the kernel costs; no server gets below it.
 *
 *   floor PORT UPSTREAM_PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
    int fd;
    struct end *other;
};

static int epoll;

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static struct end *watched(int fd) {
    struct end *end = malloc(sizeof *end);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    int on = 1;
    *end = (struct end){fd, 0};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return end;
}

static void join(int client, int upstream_port) {
    struct sockaddr_in address = loopback(upstream_port);
    int upstream = socket(AF_INET, SOCK_STREAM, 0);
    if (client < 0) return;
    if (connect(upstream, (void *)&address, sizeof address)) {
        close(client);
        close(upstream);
        return;
    }
    struct end *near = watched(client), *far = watched(upstream);
    near->other = far;
    far->other = near;
}

static void copy(struct end *end) {
    static char bytes[262144];
    if (end->fd < 0) return;
    int got = recv(end->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0 && send(end->other->fd, bytes, got, MSG_NOSIGNAL) >= 0) return;
    close(end->fd);
    close(end->other->fd);
    end->fd = end->other->fd = -1;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    struct sockaddr_in address = loopback(atoi(argv[1]));
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
        perror("floor");
        return 1;
    }
    epoll = epoll_create1(0);
    struct end *door = watched(listener);
    for (struct epoll_event events[512];;) {
        int n = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < n; i++) {
            struct end *end = events[i].data.ptr;
            if (end == door) join(accept(listener, 0, 0), atoi(argv[2]));
            else copy(end);
        }
    }
}
