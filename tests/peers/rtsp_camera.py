#!/usr/bin/python3
"""A simulated RTSP camera on gst-rtsp-server: the real peer of the ingest tests.

Prints one line, "port N", when it accepts connections; serves rtsp://127.0.0.1:N/stream and, with
--sub, a quarter-size /sub. Ends on SIGTERM, or by itself when its standard input is closed and
--with-parent is given, so that a test that dies leaves nothing behind.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402


def video_branch(options, width, height, number):
    raw = (
        f"videotestsrc is-live=true pattern={options.pattern} do-timestamp=true"
        f" ! video/x-raw,format=I420,width={width},height={height},framerate={options.fps}/1"
    )
    if options.file:
        raw = f"filesrc location={options.file} ! decodebin ! videoconvert ! videoscale"
    if options.codec == "h264":
        bframes = options.bframes
        tune = "zerolatency" if bframes == 0 else "0"
        coded = (
            f"x264enc tune={tune} speed-preset=ultrafast bitrate={options.bitrate}"
            f" key-int-max={options.gop} bframes={bframes} b-adapt=false threads=1"
            f" name=encoder{number}"
            f" ! video/x-h264,profile={'baseline' if bframes == 0 else 'main'}"
        )
        # config-interval -1 repeats the sets before each key frame; 0 leaves them to the SDP.
        interval = 0 if options.sets == "sdp" else -1
        pay = f"rtph264pay config-interval={interval} pt=96"
    elif options.codec == "h265":
        coded = (
            f"x265enc tune=zerolatency speed-preset=ultrafast bitrate={options.bitrate}"
            f" key-int-max={options.gop} option-string=pools=none:frame-threads=1:log-level=none"
        )
        pay = f"rtph265pay config-interval={0 if options.sets == 'sdp' else -1} pt=96"
    elif options.codec == "mjpeg":
        coded = "jpegenc quality=70"
        pay = "rtpjpegpay pt=26"
    else:
        sys.exit(f"unknown codec {options.codec}")
    if options.loss > 0:
        # The element called payN is the last of its stream; the payloader stands before it.
        drop = f"identity drop-probability={options.loss / 100}"
        return f"{raw} ! {coded} ! {pay} ! {drop} name=pay{number}"
    if options.reorder:
        return (
            f"{raw} ! {coded} ! {pay} ! netsim delay-probability=0.05 min-delay=5 max-delay=20"
            f" name=pay{number}"
        )
    return f"{raw} ! {coded} ! {pay} name=pay{number}"


def audio_branch(options, number):
    rate = 8000 if options.audio in ("pcma", "pcmu") else 48000
    if options.audio == "g722":
        rate = 16000
    raw = (
        "audiotestsrc is-live=true wave=sine freq=440 volume=0.2 do-timestamp=true"
        f" ! audio/x-raw,rate={rate},channels=1 ! audioconvert"
    )
    coded = {
        "aac": "avenc_aac ! aacparse ! rtpmp4gpay pt=97",
        "opus": "opusenc ! rtpopuspay pt=97",
        "pcma": "alawenc ! rtppcmapay pt=8",
        "pcmu": "mulawenc ! rtppcmupay pt=0",
        "g722": "avenc_g722 ! rtpg722pay pt=9",
        "l16": "rtpL16pay pt=97",
    }[options.audio]
    return f"{raw} ! {coded} name=pay{number}"


def launch_line(options, width, height):
    branches = []
    if options.codec != "none":
        branches.append(video_branch(options, width, height, len(branches)))
    if options.audio != "none":
        branches.append(audio_branch(options, len(branches)))
    return "( " + " ".join(branches) + " )"


def add_mount(server, path, line, options):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(line)
    factory.set_shared(True)
    protocols = GstRtsp.RTSPLowerTrans.TCP
    if options.udp:
        protocols |= GstRtsp.RTSPLowerTrans.UDP
    factory.set_protocols(protocols)
    if options.auth != "none":
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(path, factory)


def add_auth(server, options):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if options.auth == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        basic = GstRtspServer.RTSPAuth.make_basic(options.user, options.password)
        auth.add_basic(basic, token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(options.user, options.password, token)
    server.set_auth(auth)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--codec", default="h264", help="h264 h265 mjpeg none")
    parser.add_argument("--audio", default="none", help="aac opus pcma pcmu g722 l16 none")
    parser.add_argument("--udp", action="store_true", help="UDP too; TCP is always there")
    parser.add_argument("--auth", default="none", choices=["none", "basic", "digest"])
    parser.add_argument("--user", default="user")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--gop", type=int, default=25, help="frames between key frames")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--bitrate", type=int, default=300, help="kbit/s")
    parser.add_argument("--bframes", type=int, default=0)
    parser.add_argument("--sets", default="inband", choices=["inband", "sdp"])
    parser.add_argument("--loss", type=float, default=0, help="per cent of RTP packets dropped")
    parser.add_argument("--reorder", action="store_true")
    parser.add_argument("--pattern", default="ball")
    parser.add_argument("--file", default="", help="decode this instead of a test picture")
    parser.add_argument("--sub", action="store_true")
    parser.add_argument("--with-parent", action="store_true")
    options = parser.parse_args()

    Gst.init(None)
    width, height = (int(side) for side in options.size.split("x"))
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    if options.auth != "none":
        add_auth(server, options)
    add_mount(server, "/stream", launch_line(options, width, height), options)
    if options.sub:
        add_mount(server, "/sub", launch_line(options, width // 2, height // 2), options)
    if server.attach(None) == 0:
        sys.exit("the port is taken")
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 15, loop.quit)
    if options.with_parent:
        GLib.io_add_watch(sys.stdin, GLib.IO_HUP, lambda *_: loop.quit())
    print(f"port {server.get_bound_port()}", flush=True)
    loop.run()


main()
