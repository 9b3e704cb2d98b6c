"""A small app: HTTP/1.1 with kept connections, on PORT. What a path does is said beside it."""

import hashlib
import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = os.environ.get("NAME", "app")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/headers":  # the request as it came
            self.answer(json.dumps([self.requestline, *([k, v] for k, v in self.headers.items())]).encode())
        elif path.startswith("/status/"):
            self.answer(b"as asked", int(path.rpartition("/")[2]))
        elif path.startswith("/bytes/"):  # so many bytes, chunked
            self.chunks(int(path.rpartition("/")[2]))
        elif path.startswith("/slow/"):  # an answer after so many seconds
            time.sleep(float(path.rpartition("/")[2]))
            self.answer(NAME.encode())
        elif path == "/ticks":  # an endless stream, one event when asked for by /tick
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(int(self.headers.get("X-Ticks", "1000000"))):
                text = f"data: {number}\n\n".encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
                TICK.acquire()
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/tick":
            TICK.release()
            self.answer(b"")
        elif path == "/drop":  # the connection ends without an answer
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif path == "/half":  # it ends within the answer
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif path == "/hints":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
            self.answer(b"hinted")
        elif path == "/forged":  # headers that are not the app's to send
            self.answer(b"", 200, ("X-Webduh-Release", "99"), ("Connection", "X-Hop"), ("X-Hop", "1"))
        elif path == "/garbage":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            self.close_connection = True
        elif path == "/chatty-head":  # an answer to HEAD with a body, which no client may take for the next answer
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 201 X\r\nContent-Length: 0\r\n\r\n"
            )
        elif path == "/odd":  # a header that may not be passed on as it is
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Odd: a\r\n b\r\nX-Latin: \xe9\r\n\r\n")
        elif path == "/crash":
            os._exit(3)
        elif path == "/pid":
            self.answer(str(os.getpid()).encode())
        else:
            self.answer(NAME.encode())

    do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def do_POST(self):
        if self.path == "/refuse":  # an answer before the body was read
            self.close_connection = True
            self.answer(b"too large", 413, ("Connection", "close"))
            return
        digest, total = hashlib.sha256(), 0
        for part in self.body():
            digest.update(part)
            total += len(part)
        self.answer(json.dumps([total, digest.hexdigest()]).encode())

    do_PUT = do_POST  # noqa: N815

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", "0"))
        while left:
            part = self.rfile.read(min(left, 1 << 16))
            left -= len(part)
            yield part

    def answer(self, body, status=200, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def chunks(self, total):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        block = bytes(range(256)) * 256
        while total:
            part = block[:total]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            total -= len(part)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *words):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6 if os.environ.get("FAMILY") == "6" else socket.AF_INET
    daemon_threads = True
    request_queue_size = 256


TICK = threading.Semaphore(0)
if __name__ == "__main__":
    host = "::1" if os.environ.get("FAMILY") == "6" else "127.0.0.1"
    server = Server((host, int(os.environ["PORT"])), Handler)
    print("listening", flush=True)
    server.serve_forever()
