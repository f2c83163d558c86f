"""A proxy between a program and DynamoDB that passes everything on and records the requests."""

import http.client
import http.server
import json
import threading


class RecordingProxy:
    """`with RecordingProxy(dynamo.port) as proxy: …proxy.url…proxy.requests`: (operation, body) of each request. The proxy
    drops the response to the first request whose text contains `proxy.lose`."""

    def __init__(self, port):
        requests = self.requests = []
        self.lose = None
        recording = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

            def finish(self):
                self.upstream.close()
                super().finish()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                requests.append((self.headers["X-Amz-Target"].rpartition(".")[2], json.loads(body)))
                self.upstream.request("POST", self.path, body, dict(self.headers.items()))
                answer = self.upstream.getresponse()
                text = answer.read()
                if recording.lose and recording.lose in body:
                    recording.lose = None
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() in ("content-type", "x-amz-crc32", "x-amzn-requestid"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
