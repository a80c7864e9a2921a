"""The peers of Benchmarks/media: rtpengine driven by its ng protocol, Janus by its HTTP interface. Nothing but what was started here is stopped."""
import base64, http.client, json, os, re, socket, subprocess, sys, time
from kit import PHONES, WORK_CORE, pin

FORMATS = {"PCMU": (0, "PCMU/8000", 160), "G722": (9, "G722/8000", 160), "opus": (107, "opus/48000/2", 960)}


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(v) for k, v in sorted(value.items())) + b"e"


def bdecode(data, at=0):
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at)
    size = int(data[at:colon])
    return data[colon + 1:colon + 1 + size].decode("utf-8", "replace"), colon + 1 + size


class Peer:
    def launch(self, command, folder, environment=None):
        self.log = os.path.join(folder, "peer.log")
        log = open(self.log, "w")
        self.process = subprocess.Popen(pin(WORK_CORE) + command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                                        env={**os.environ, **(environment or {})})
        self.pid, self.legs = self.process.pid, []

    def figures(self):
        return {}

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Rtpengine(Peer):
    """COUNT calls of two legs; `codec` and `other` are the codings of the two, `srtp` protects the first."""
    NG = 9225       # below all ports of media

    def __init__(self, folder, count, codec="PCMU", other=None, srtp=False, frames=None, opus="opus/48000/2", environment=None):
        self.launch(["rtpengine", "--foreground", "--log-stderr", "--log-level=3", "--table=-1", "--config-file=none",
                     "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{self.NG}", "--port-min=10000", "--port-max=19999",
                     "--num-threads=1"], folder, environment)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(0.2)
        self.serial = 0
        for left in reversed(range(50)):
            try:
                self.ask({"command": "ping"})
                break
            except OSError:
                if not left or self.process.poll() is not None:
                    with open(self.log) as log:
                        sys.exit(f"rtpengine does not answer: {log.read()}")
                time.sleep(0.1)
        self.socket.settimeout(5)
        for number in range(count):
            self.call(number, codec, other or codec, srtp, frames, opus)

    def ask(self, command):
        self.serial += 1
        cookie = b"c%d " % self.serial
        data = self.asked(cookie, cookie + bencode(command))
        answer = bdecode(data[len(cookie):])[0]
        if answer.get("result") not in ("ok", "pong"):
            sys.exit(f"rtpengine: {answer}")
        return answer

    def asked(self, cookie, request):
        self.socket.sendto(request, ("127.0.0.1", self.NG))
        while True:
            data = self.socket.recv(65535)
            if data.startswith(cookie):
                return data

    def sdp(self, port, codec, key):
        number, rtpmap, _ = FORMATS[codec]
        crypto = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(key).decode()}\r\n" if key else ""
        return (f"v=0\r\no=- {port} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=audio {port} RTP/{'S' if key else ''}AVP {number} 101\r\na=rtpmap:{number} {rtpmap}\r\n"
                f"a=rtpmap:101 telephone-event/8000\r\n{crypto}a=sendrecv\r\n")

    def call(self, number, codec, other, srtp, frames, opus):
        first, second = PHONES + 4 * number, PHONES + 4 * number + 2
        key = os.urandom(30) if srtp else None
        base = {"call-id": f"bench-{number}", "from-tag": "a", "ICE": "remove", "replace": ["origin"]}
        offer = {**base, "command": "offer", "sdp": self.sdp(first, codec, key), "transport-protocol": "RTP/AVP"}
        if codec != other:
            offer["codec"] = {"mask": [codec], "transcode": [opus if other == "opus" else other]}
        to_second = self.ask(offer)["sdp"]
        answer = self.sdp(second, other, None)
        if other == "opus":     # numbered as it was offered
            match = re.search(r"a=rtpmap:(\d+) opus/\S+", to_second)
            if not match:
                sys.exit(f"rtpengine offers no Opus:\n{to_second}")
            answer = answer.replace("107", match.group(1)).replace("opus/48000/2", match.group(0).split(" ")[1])
            type_of_other = int(match.group(1))
        else:
            type_of_other = FORMATS[other][0]
        to_first = self.ask({**base, "command": "answer", "to-tag": "b", "sdp": answer})["sdp"]
        back = re.search(r"inline:(\S{40})", to_first)
        keys = (key.hex(), base64.b64decode(back.group(1)).hex()) if srtp else ("-", "-")
        for port, sdp, name, kind, (out, into) in ((first, to_first, codec, FORMATS[codec][0], keys),
                                                  (second, to_second, other, type_of_other, ("-", "-"))):
            server = re.search(r"m=audio (\d+)", sdp).group(1)
            file = os.path.join(frames, name) if frames else "-"
            self.legs.append(f"{port} 127.0.0.1 {server} {file} {kind} {FORMATS[name][2]} 1 {out} {into}\n")


class Janus(Peer):
    """COUNT plain RTP participants with PCMU in an AudioBridge room of 8 kHz; the first `talkers` of them talk."""
    HTTP = 18088

    def __init__(self, folder, count, talkers, frames):
        config = os.path.join(folder, "janus")
        os.makedirs(config, exist_ok=True)
        files = {
            "janus.jcfg": 'general: {\n configs_folder = "%s"\n plugins_folder = "/usr/lib/x86_64-linux-gnu/janus/plugins"\n'
                          ' transports_folder = "/usr/lib/x86_64-linux-gnu/janus/transports"\n debug_level = 3\n session_timeout = 0\n}\n'
                          'media: {\n ipv6 = false\n}\nnat: {\n ice_enforce_list = "lo"\n}\n'
                          'plugins: {\n disable = "libjanus_duktape.so,libjanus_lua.so,libjanus_echotest.so,libjanus_nosip.so,libjanus_recordplay.so,'
                          'libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so"\n}\n'
                          'transports: {\n disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so"\n}\n'
                          % config,
            "janus.transport.http.jcfg": 'general: {\n json = "compact"\n base_path = "/janus"\n http = true\n port = %d\n interface = "lo"\n https = false\n}\nadmin: {\n admin_http = false\n}\n' % self.HTTP,
            "janus.plugin.audiobridge.jcfg": 'general: {\n local_ip = "127.0.0.1"\n rtp_port_range = "10000-19999"\n}\n',
        }
        for name, text in files.items():
            with open(os.path.join(config, name), "w") as file:
                file.write(text)
        self.launch(["janus", "-F", config, "-C", os.path.join(config, "janus.jcfg")], folder)
        self.serial = 0
        for _ in range(100):
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.HTTP, timeout=10)
                session = self.post("", {"janus": "create"})["data"]["id"]
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit(f"Janus does not answer; its log is {self.log}")
        self.session = f"/{session}"
        owner = self.attach()
        made = self.message(owner, {"request": "create", "room": 1, "sampling_rate": 8000, "allow_rtp_participants": True,
                                    "audiolevel_event": False})
        if made.get("plugindata", {}).get("data", {}).get("audiobridge") != "created":
            sys.exit(f"Janus makes no room: {made}")
        for number in range(count):
            self.join(number, number < talkers, frames)

    def post(self, path, body):
        self.serial += 1
        self.connection.request("POST", "/janus" + path, json.dumps({**body, "transaction": f"t{self.serial}"}),
                                {"Content-Type": "application/json"})
        return json.loads(self.connection.getresponse().read())

    def attach(self):
        return self.post(self.session, {"janus": "attach", "plugin": "janus.plugin.audiobridge"})["data"]["id"]

    def message(self, handle, body):
        return self.post(f"{self.session}/{handle}", {"janus": "message", "body": body})

    def join(self, number, talks, frames):
        handle, phone = self.attach(), PHONES + 2 * number
        self.message(handle, {"request": "join", "room": 1, "id": number + 1, "codec": "pcmu", "muted": not talks,
                              "rtp": {"ip": "127.0.0.1", "port": phone, "payload_type": 0}})
        while True:
            self.connection.request("GET", f"/janus{self.session}?maxev=1")
            event = json.loads(self.connection.getresponse().read())
            if event.get("sender") != handle:
                continue
            data = event.get("plugindata", {}).get("data", {})
            if data.get("audiobridge") == "joined" and "rtp" in data:
                break
            if "error" in data:
                sys.exit(f"Janus: {data}")
        self.legs.append(f"{phone} 127.0.0.1 {data['rtp']['port']} {os.path.join(frames, 'PCMU')} 0 160 {1 if talks else 50} - -\n")
