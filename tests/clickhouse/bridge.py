"""ClickHouse's engine of today behind ClickHouse's HTTP interface, for tests.

No distribution has a server that new, but the engine itself comes as a Python package. This serves it on 127.0.0.1 as
far as the tests need: queries by GET and POST, binary inserts with bodies of known length or in chunks, the parameters
`database`, `query`, `default_format` and settings, and errors with their codes. Killing the process is a crash of the
engine.

    bridge.py FOLDER [PORT]     prints `listening on 127.0.0.1:PORT`
"""

import os
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb import session

# Parameters of the interface itself; every other one is a setting.
OF_HTTP = {"query", "database", "default_format", "user", "password", "session_id", "query_id", "compress", "decompress",
           "wait_end_of_query", "buffer_size", "send_progress_in_http_headers"}
INSERT = re.compile(rb"(?is)^\s*(INSERT\s.*)\sFORMAT\s+(\w+)\s*$")
NAME = re.compile(r"^\w+$")


class Sessions:
    """Idle sessions by database and settings: one serves a query at a time."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.idle = {}

    def query(self, sql, answer_format, database, settings):
        key = (database, settings)
        with self.lock:
            idle = self.idle.get(key)
            taken = idle.pop() if idle else None
        if taken is None:
            taken = session.Session(self.folder)
            # In memory, where the tests keep it, the kernel can't tell that a read wouldn't wait, and each would go
            # through another thread.
            taken.query("SET local_filesystem_read_method = 'pread'")
            if database:
                taken.query(f"USE `{database}`")
            for name, value in settings:
                taken.query(f"SET {name} = '{value}'")
        answer = taken.query(sql, answer_format).bytes()
        # A session that has failed is not used again.
        with self.lock:
            self.idle.setdefault(key, []).append(taken)
        return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer's head and its body are written one after the other. The second would wait for the client to acknowledge
    # the first, which takes its kernel 40 ms.
    disable_nagle_algorithm = True

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        parts = urlsplit(self.path)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = self.body()
        if parts.path == "/ping" or not (params.get("query") or body):
            return self.answer(200, b"Ok.\n")
        # As the server does it: the query's beginning may stand in the address, and its data in the body.
        sql, data = params.get("query", "").encode(), None
        insert = INSERT.match(sql) if body else None
        if insert:
            # In a query's text the engine takes an empty line for the end of the data.
            with tempfile.NamedTemporaryFile(delete=False) as data:
                data.write(body)
            sql = insert[1] + f" FROM INFILE '{data.name}' FORMAT ".encode() + insert[2]
        else:
            sql = sql + b"\n" + body if sql else body
        settings = tuple(sorted((name, value) for name, value in params.items()
                                if name not in OF_HTTP and NAME.match(name) and "'" not in value))
        try:
            found = self.server.sessions.query(sql, params.get("default_format", "TabSeparated"), params.get("database", ""),
                                               settings)
        except Exception as error:
            code = re.search(r"Code: (\d+)", str(error))
            return self.answer(500, f"{error}\n".encode(), X_ClickHouse_Exception_Code=code.group(1) if code else "1002")
        finally:
            if data:
                os.unlink(data.name)
        self.answer(200, found)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def main():
    folder, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.request_queue_size = 128
    server.sessions = Sessions(folder)
    # The engine starts with the first session, and says by it whether it can.
    server.sessions.query("SELECT version()", "TabSeparated", "", ())
    print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


main()
