"""An RTSP server on loopback, for the tests: rtsp_server.py DIR [USER PASSWORD [basic]]. Says its port when it serves.

/h264, /bframes, /slowgop, /noidr, /frozen, /mjpeg: drawn while they play. /openh265: the file DIR/open.mp4, again and again.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
folder, *login = sys.argv[1:]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")

authority = None
if login:
    user, password, *kind = login
    authority = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if kind:
        authority.set_supported_methods(1)
        authority.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        authority.set_supported_methods(2)
        authority.add_digest(user, password, token)
    server.set_auth(authority)


def serve(path, pipeline, shared=True):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {pipeline} )")
    factory.set_shared(shared)
    if authority:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role("user")
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(path, factory)


seen = "videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=176,framerate=10/1 ! "
x264 = "x264enc tune=zerolatency speed-preset=ultrafast bitrate=500 "
sent = " ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96"
serve("/h264", seen + x264 + "key-int-max=10" + sent)
serve("/bframes", seen + "x264enc bframes=2 key-int-max=10 speed-preset=ultrafast" + sent)
serve("/slowgop", seen + x264 + "key-int-max=100" + sent)
serve("/noidr", seen + x264 + "intra-refresh=true key-int-max=20" + sent)
serve("/frozen", "videotestsrc num-buffers=1 pattern=snow ! video/x-raw,width=320,height=176 ! imagefreeze is-live=true ! "
      "video/x-raw,framerate=10/1 ! " + x264 + "key-int-max=10" + sent)
serve("/mjpeg", seen + "videoconvert ! video/x-raw,format=I420 ! jpegenc ! rtpjpegpay name=pay0 pt=26")
serve("/openh265", f"filesrc location={folder}/open.mp4 ! qtdemux ! h265parse config-interval=-1 ! rtph265pay name=pay0 pt=96", False)
serve("/audio", "audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 pt=8")
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
