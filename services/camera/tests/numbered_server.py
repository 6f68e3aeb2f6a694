"""RTSP cameras that number their pictures, for the soak: numbered_server.py PORT VIDEO PATH….

VIDEO is H.264 of key frames alone, each with an access unit delimiter before it. Each PATH shows five a second, the one whose
number the machine's clock says, so that one that is killed and started again goes on. Says "ready" when it serves.
"""
import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

A_SECOND = 5

Gst.init(None)
port, video, *paths = sys.argv[1:]
delimiter = b"\0\0\0\1\x09"
with open(video, "rb") as file:
    pictures = [delimiter + rest for rest in file.read().split(delimiter)[1:]]


def configure(_, media):
    source = media.get_element().get_by_name_recurse_up("source")
    last = None

    def push():
        nonlocal last
        number = int(time.monotonic() * A_SECOND) % len(pictures)
        if number == last:
            return True
        last = number
        pushed = source.emit("push-buffer", Gst.Buffer.new_wrapped(pictures[number]))
        return pushed == Gst.FlowReturn.OK

    GLib.timeout_add(1000 // A_SECOND // 2, push)


server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
for path in paths:
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        "( appsrc name=source is-live=true do-timestamp=true format=time "
        "caps=video/x-h264,stream-format=byte-stream,alignment=au ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
    )
    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory(f"/{path}", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
