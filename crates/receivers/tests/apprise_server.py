"""What Apprise's server does with what it is sent, by Apprise itself: a title, a body and a type are passed on to the services
whose URLs are given. Writes its port as the first line.

apprise_server.py URL…
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import apprise

services = apprise.Apprise()
for url in sys.argv[1:]:
    assert services.add(url), url


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = apprise.NotifyType(asked.get("type", "info"))
        passed_on = services.notify(title=asked.get("title", ""), body=asked["body"], notify_type=kind)
        self.send_response(200 if passed_on else 424)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
# Ends with whoever started it.
sys.stdin.read()
os._exit(0)
