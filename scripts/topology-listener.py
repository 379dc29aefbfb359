"""A business system that is told things: writes down each request it gets, for
topology-test.sh.

    python3 topology-listener.py <port> <file>

It takes its time to answer, longer than a node waits until it looks for what is
to be sent: a node that did not see that another one is at it would come, too.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS = 2.5


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        told = {"path": self.path, "id": self.headers["webhook-id"], "body": body}
        with open(sys.argv[2], "a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
        time.sleep(SECONDS)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Listener).serve_forever()
