"""The page of the system that Framewatch replaces, as far as its worker needs it: an installation's folder, over HTTP.

    python3 tests/seed/old_page.py DIR    # prints its address
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = sys.argv[1]


def newest(folder):
    directory = os.path.join(ROOT, "uploads", folder)
    paths = [os.path.join(directory, name) for name in os.listdir(directory)]
    return os.path.basename(max(paths, key=os.path.getmtime))


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        kind, _, rest = self.path[1:].partition("/")
        if kind == "latest":
            latest = {"latest_image": f"uploads/{rest}/{newest(rest)}"}
            return self.answer("application/json", json.dumps(latest).encode())
        with open(os.path.join(ROOT, "uploads", rest), "rb") as picture:
            self.answer("image/jpeg", picture.read())

    def answer(self, content_type, body):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
