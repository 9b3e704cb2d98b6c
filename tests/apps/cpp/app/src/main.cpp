#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

// Answers one request: the last part of its path is whom it greets.
void answer(int visitor) {
    char request[4096];
    auto length = read(visitor, request, sizeof request);
    std::string line(request, length > 0 ? length : 0);
    line = line.substr(0, line.find(" HTTP/"));
    std::string body = "Hello, " + line.substr(line.rfind('/') + 1) + ", from C++";
    std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    std::string whole = head + body;
    if (write(visitor, whole.data(), whole.size()) < 0) perror("write");
    close(visitor);
}

int main() {
    const char *port = std::getenv("PORT");
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = INADDR_ANY;
    here.sin_port = htons(std::atoi(port ? port : "8080"));
    if (bind(listener, reinterpret_cast<sockaddr *>(&here), sizeof here) || listen(listener, 64)) return 1;
    for (;;) std::thread(answer, accept(listener, nullptr, nullptr)).detach();
}
