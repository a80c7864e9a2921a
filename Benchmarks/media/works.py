"""The works of Benchmarks/media: what is measured against what, and the rows they make."""
import json, os, statistics, struct, subprocess, sys, wave
from kit import COUNTED, PHONES, Counters, Process, drive
from peers import Janus, Rtpengine

STARTS = 3
WORKS = ["relay", "allocations", "srtp", "transcode", "rooms", "files", "curve"]
SPEECH = "/usr/share/asterisk/sounds/en_US_f_Allison/demo-congrats"


def encode_speech(tools, folder, frames):
    """Speech in every coding, by the encoders of CodecBench, in the folder `frames`; the same frames go to all that are measured.
    Returns the file of the same samples at 8 kHz."""
    def codec(mode, coding, source, result):
        subprocess.run([tools.built("CodecBench"), mode, coding, source, result], check=True, stdout=subprocess.DEVNULL)

    os.makedirs(frames)
    narrow, wide, full = (os.path.join(folder, n) for n in ("8000.raw", "16000.raw", "48000.raw"))
    with wave.open(SPEECH + ".wav") as sound, open(narrow, "wb") as out:
        out.write(sound.readframes(sound.getnframes()))
    packets = open(SPEECH + ".g722", "rb").read()
    with open(os.path.join(frames, "G722"), "wb") as out:
        for at in range(0, len(packets) - 159, 160):
            out.write(struct.pack(">H", 160) + packets[at:at + 160])
    codec("decode", "G722/8000", os.path.join(frames, "G722"), wide)
    samples = memoryview(open(wide, "rb").read()).cast("h")
    with open(full, "wb") as out:       # three times the rate: straight lines between samples do for an encoder's load
        for a, b in zip(samples, samples[1:]):
            out.write(struct.pack("<3h", a, (2 * a + b) // 3, (a + 2 * b) // 3))
    codec("encode", "PCMU/8000", narrow, os.path.join(frames, "PCMU"))
    codec("encode", "PCMA/8000", narrow, os.path.join(frames, "PCMA"))
    codec("encode", "opus/48000/2", full, os.path.join(frames, "opus"))
    return narrow


class Bench:
    def __init__(self, options, tools, folder):
        self.o, self.tools, self.folder = options, tools, folder
        self.rows, self.notes, self.raw = [], [], []
        self.frames = os.path.join(folder, "frames")
        self.prompt = encode_speech(tools, folder, self.frames)


    # ------------------------------------------------------------ turns
    def martinet(self, work, count, *options, core=1, environment=None):
        return Process([self.tools.built("MediaBench"), work, str(count), str(PHONES), "ports=10000-14999", *options], core, environment)

    def note(self, work, name, result):
        keys = ("us_packet", "core_pct", "sent_measured", "taken_measured", "loss_pct", "unauthentic", "late_ticks", "put_off", "delay_ms", "jitter_ms")
        line = json.dumps({k: round(result[k], 3) if isinstance(result.get(k), float) else result[k] for k in keys if k in result})
        self.raw.append(f"{work}: {name}: {line}")
        print(f"  {work:28} {name:22} {line}", flush=True)

    def turns(self, work, servers, key="us_packet"):
        """All are up, and are driven in turns; the median of each."""
        return {name: statistics.median(values) for name, values in self.values(work, servers, key).items()}

    def values(self, work, servers, key="us_packet"):
        values = {name: [] for name in servers}
        try:
            for _ in range(self.o.rounds):
                for name, server in servers.items():
                    result = drive(self.tools, server, self.o.seconds, warm=0.7)
                    self.note(work, name, result)
                    # What was not passed on cost nothing, and tells nothing.
                    if result["taken_measured"] < 0.98 * result["sent_measured"] or result["unauthentic"]:
                        sys.exit(f"{name} passed on {result['taken_measured']} of {result['sent_measured']} packets ({work})")
                    values[name].append(result[key])
        finally:
            for server in servers.values():
                server.stop()
        return values

    def single(self, work, name, make, key, rounds=None):
        """For servers that send by themselves: one is up at a time."""
        values = []
        for _ in range(rounds or self.o.rounds):
            server = make()
            try:
                result = drive(self.tools, server, self.o.seconds, warm=1)
            finally:
                server.stop()
            self.note(work, name, result)
            values.append(result[key])
        return statistics.median(values)

    def row(self, work, own, peer, other, wanted, unit="µs"):
        ratio = f"{own / other:.2f}" if other else "-"
        against = f"{peer} {other:.2f} {unit}" if other else peer
        self.rows.append(f"| {work} | {own:.2f} {unit} | {against} | {ratio} | {wanted} |")

    def folder_of(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        return path

    # ------------------------------------------------------------ relay
    def relay(self):
        """Where a process lies in memory is luck that lasts as long as it runs: all are started anew three times, and the medians are of all turns."""
        for calls in (100, 400):
            values = {}
            for _ in range(STARTS):
                for name, list_ in self.values(f"relay {calls} calls", {
                        "bare loop": Process([self.tools["bareloop"], str(calls), str(PHONES)]),
                        "bare loop by batches": Process([self.tools["bareloop"], str(calls), str(PHONES), "batches"]),
                        "Martinet": self.martinet("relay", calls, "threads=1"),
                        "Martinet, thread a core": self.martinet("relay", calls, core=None),
                        "rtpengine": Rtpengine(self.folder_of("rtpengine"), calls)}).items():
                    values.setdefault(name, []).extend(list_)
            got = {name: statistics.median(list_) for name, list_ in values.items()}
            raw = []
            for _ in range(3):
                done = subprocess.run([self.tools["udpraw"], "paced", "3", str(2 * calls)], stdout=subprocess.PIPE, text=True, check=True)
                raw.append(json.loads(done.stdout)["relay_us_cpu_per_packet"])
            work = f"relay of G.711, {calls} calls, CPU a packet"
            self.row(work, got["Martinet"], "bare loop", got["bare loop"], "at most 1.15x")
            self.row(f"the bare loop by recvmmsg and sendmmsg, {calls} calls (here in Martinet's place)", got["bare loop by batches"], "bare loop", got["bare loop"], "")
            self.row(work, got["Martinet"], "`udpraw paced`", statistics.median(raw), "")
            self.row(work, got["Martinet"], "rtpengine", got["rtpengine"], "")
            self.row(f"the same with a thread a core, {calls} calls", got["Martinet, thread a core"], "bare loop", got["bare loop"], "")

    def allocations(self):
        """Every allocation and every count of references of the process, between two marks, under load."""
        self.notes += ["Allocations and reference counts of the whole process while packets flow, reports and figures included:", "",
                       "| work | packets | " + " | ".join(COUNTED) + " |", "|---|---|" + "---|" * len(COUNTED)]
        frames, origins = f"frames={self.frames}", []
        for name, work, count, options in (
                ("relay, 100 calls", "relay", 100, []), ("relay with SRTP, 100 calls", "relay", 100, ["srtp=1"]),
                ("G.711 <-> G.722, 20 calls", "relay", 20, ["other=G722", frames]), ("G.711 <-> Opus, 10 calls", "relay", 10, ["other=opus", frames]),
                ("room of 30", "room", 30, [frames]), ("prompt to 100", "play", 100, [f"prompt={self.prompt}"])):
            counters, trace = Counters(self.folder), os.path.join(self.folder, f"allocations-{len(origins)}")
            server = self.martinet(work, count, "threads=1", *options,
                                   environment={"LD_PRELOAD": self.tools["counts.so"], "COUNTS": counters.path,
                                                "COUNTS_TRACE": trace})
            try:
                result = drive(self.tools, server, max(6, self.o.seconds), warm=2, counters=counters)
            finally:
                server.stop()
            packets = result["sent_measured"] or result["taken_measured"]
            origins.append((name, self.origins(trace)))
            counts = result["counts"]
            self.notes.append(f"| {name} | {packets} | " + " | ".join(str(counts[c]) for c in COUNTED) + " |")
            self.raw.append(f"allocations: {name}: {packets} packets: {json.dumps(counts)}")
            print(f"  {name}: {packets} packets: {counts}", flush=True)
            if name == "relay, 100 calls":
                made = sum(counts[c] for c in ("malloc", "calloc", "realloc", "aligned"))
                counted = counts["swift_retain"] + counts["swift_release"]
                self.rows.append(f"| allocations a relayed packet | {made / packets:g} | - | - | 0 |")
                self.rows.append(f"| reference counts a relayed packet | {counted / packets:.4f} | - | - | 0 |")
        self.notes.append("")
        self.notes += [f"Allocated in {name}, {times} times: {way}." for name, ways in origins for way, times in ways.items()]
        self.notes.append("")

    def origins(self, trace):
        """Where allocations came from, by what counts.c wrote: the functions nearest to each, and how often."""
        ways = {}
        if os.path.exists(trace):
            for stack in open(trace).read().split("\n\n"):
                names = [line.split("(")[1].split("+")[0] for line in stack.splitlines() if "(" in line and "counts.so" not in line]
                way = " < ".join([n for n in names if n][:6])
                if way:
                    ways[way] = ways.get(way, 0) + 1
        return ways

    # ------------------------------------------------------------ beside rtpengine
    def srtp(self):
        got = self.turns("srtp 100 calls", {
            "rtpengine": Rtpengine(self.folder_of("rtpengine"), 100, srtp=True),
            "Martinet": self.martinet("relay", 100, "threads=1", "srtp=1")})
        self.row("relay with SRTP on one leg, 100 calls, CPU a packet", got["Martinet"], "rtpengine", got["rtpengine"], "at most 0.8x")

    def transcode(self):
        for other, calls, title, limit in (("G722", 50, "G.722", "0.9x"), ("opus", 20, "Opus", "1.0x")):
            settings = os.path.join(self.folder, f"settings-{other}")
            # Both programs' encoders are brought to the same settings, whatever they chose; channels and clock by what is asked for.
            spy = {"LD_PRELOAD": self.tools["opusspy.so"], "OPUS_EQUAL": "5 2048 32000"} if other == "opus" else {}
            environments = {name: {**spy, "OPUS_SETTINGS": f"{settings}-{name}"} if spy else None for name in ("rtpengine", "Martinet")}
            servers = {
                "rtpengine": lambda: Rtpengine(self.folder_of("rtpengine"), calls, other=other, frames=self.frames, opus="opus/48000/1/32000",
                                               environment=environments["rtpengine"]),
                "Martinet": lambda: self.martinet("relay", calls, "threads=1", f"other={other}", f"frames={self.frames}", environment=environments["Martinet"])}
            for name, make in servers.items():
                server = make()
                try:
                    shares = self.shares(server, f"transcode {title}", name)
                finally:
                    server.stop()
                self.notes.append(f"G.711 <-> {title}, {name}, µs a packet by sampling: " + ", ".join(f"{k} {v:.2f}" for k, v in shares.items()) + ".")
                if name == "Martinet":
                    own, alone = shares["the rest"], self.libraries(other)
                    self.rows.append(f"| G.711 <-> {title}, user time that is neither codec nor resampling (codecs {shares['codecs']:.2f} µs, resampling "
                                     f"{shares['resampling']:.2f}, kernel {shares['kernel']:.2f}) | {own:.2f} µs | the libraries alone {alone:.2f} µs "
                                     f"| {own / alone:.2f} | at most 0.25x |")
                if spy:
                    with open(f"{settings}-{name}") as file:
                        self.notes.append(f"Opus encoder of {name}: `{file.readline().strip()}`.")
            how = self.compared(settings) if spy else ""
            got = self.turns(f"transcode {title} {calls} calls", {name: make() for name, make in servers.items()})
            self.row(f"G.711 <-> {title}, {calls} calls{how}, CPU a packet", got["Martinet"], "rtpengine", got["rtpengine"], f"at most {limit}")
        self.notes.append("")

    def libraries(self, other):
        """What libopus or spandsp, and speexdsp, need by themselves for the packets of a call, in µs a packet."""
        done = subprocess.run([self.tools.built("CodecBench"), "library"], stdout=subprocess.PIPE, text=True, check=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        clock = {"G722": 16000, "opus": 48000}[other]
        codec = next(x for x in lines if x["codec"] == other and x["clock"] == clock)
        resampling = sum(x["us"] for x in lines if x["codec"] == "resample" and sorted((x["from"], x["to"])) == [8000, clock])
        return (codec["encode_us"] + codec["decode_us"] + resampling) / 2

    def compared(self, settings):
        """Whether both programs' Opus encoders do the same work, by what libopus says of each, in the words of the row."""
        read = {}
        for name in ("Martinet", "rtpengine"):
            with open(f"{settings}-{name}") as file:
                read[name] = json.loads(file.readline())
        ours, theirs = read["Martinet"], read["rtpengine"]
        keys = ("bitrate", "complexity", "channels", "rate", "application", "vbr", "fec", "dtx", "loss", "frame")
        unlike = [f"{key} {ours[key]} and {theirs[key]}" for key in keys if ours[key] != theirs[key]]
        if unlike:
            return " (NOT at equal settings: " + ", ".join(unlike) + ")"
        return f" (both at {ours['bitrate']} bit/s, complexity {ours['complexity']}, {ours['channels']} channel, {ours['rate']} Hz)"

    def shares(self, server, work, name):
        """Where a packet's time goes: kernel, codec libraries, resampling, the rest. By sampling, as there are no counters in a virtual machine."""
        data = os.path.join(self.folder, "perf.data")
        perf = subprocess.Popen(["sh", "-c", f"sleep 1; exec perf record -q -F 5000 -e cpu-clock -p {server.pid} -o {data} -- sleep {self.o.seconds}"],
                                stderr=subprocess.DEVNULL)
        result = drive(self.tools, server, self.o.seconds + 0.5, warm=0.8)
        perf.wait()
        self.note(work + ", sampled", name, result)
        text = subprocess.run(["perf", "report", "-i", data, "--stdio", "--sort", "dso,sym", "-g", "none"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout
        sums = {"kernel": 0.0, "codecs": 0.0, "resampling": 0.0, "the rest": 0.0}
        for line in text.splitlines():
            fields = line.split(None, 3)
            if len(fields) < 4 or not fields[0].endswith("%"):
                continue
            share, library, kind, symbol = float(fields[0][:-1]), fields[1], fields[2], fields[3]
            if kind == "[k]":
                sums["kernel"] += share
            elif any(x in library for x in ("libopus", "libavcodec", "libspandsp", "libbcg729", "libm.so", "libm-")) or symbol.startswith("$s6Codecs") and "Resampler" not in symbol or "SIMD8" in symbol:   # G.722 is of vectors
                sums["codecs"] += share
            elif "speexdsp" in library or "libswresample" in library or "Resampler" in symbol:
                sums["resampling"] += share
            else:
                sums["the rest"] += share
        whole = sum(sums.values()) or 1
        return {k: v / whole * result["us_packet"] for k, v in sums.items()}

    # ------------------------------------------------------------ beside Janus
    def rooms(self):
        rounds = min(self.o.rounds, 3)
        for count, talkers, title in ((30, 30, "30 all talking"), (500, 5, "500 in it, 5 of them talking")):
            got = {"Janus": [], "Martinet": []}
            for _ in range(rounds):
                got["Janus"].append(self.single(f"room, {title}", "Janus", lambda: Janus(self.folder_of("janus-peer"), count, talkers, self.frames), "core_pct", 1))
                got["Martinet"].append(self.single(f"room, {title}", "Martinet", lambda: self.martinet("room", count, "threads=1", f"talkers={talkers}", f"frames={self.frames}"), "core_pct", 1))
            own, other = (statistics.median(got[n]) for n in ("Martinet", "Janus"))
            self.row(f"conference, {title}, PCMU at 8 kHz", own, "Janus AudioBridge", other, "at most 0.7x", "% of a core")

    # ------------------------------------------------------------ alone
    def files(self):
        def floor(kind):
            return self.single(f"{kind} 250", "bare floor", lambda: Process([self.tools["barefloor"], kind, "250", str(PHONES)]), "core_pct", 3)
        own = self.single("prompt to 250", "Martinet", lambda: self.martinet("play", 250, "threads=1", f"prompt={self.prompt}"), "core_pct", 3)
        self.row("a prompt to 250 callers", own, "the kernel's floor (`barefloor send`)", floor("send"), "under 10 % where the floor is 6 %", "% of a core")
        folders = (self.folder_of(f"recordings-{n}") for n in range(6))

        def recording(count, *options):
            return lambda: self.martinet("record", count, "threads=1", f"frames={self.frames}", f"folder={next(folders)}", *options)
        own = self.single("recording of 250 callers", "Martinet", recording(250, "alone=1"), "core_pct", 3)
        self.row("recording of 250 callers, who hear nothing (as in a mailbox)", own, "the kernel's floor (`barefloor take`)", floor("take"), "under 15 %", "% of a core")
        own = self.single("recording of 125 calls", "Martinet", recording(125), "core_pct", 3)
        bare = self.single("relay of 125 calls", "Martinet", lambda: self.martinet("relay", 125, "threads=1", f"frames={self.frames}"), "core_pct", 3)
        self.row("recording of 125 calls that are relayed, each of their 250 legs in a file", own, "relay alone", bare, "", "% of a core")

    def curve(self):
        self.notes += ["CPU and delay by calls (one packet thread; delay from the send call to the arrival's time stamp, jitter from packet to packet, in ms):", "",
                       "| calls | % of a core | ms of CPU a call and s | µs a packet | delay p50 | p99 | p99.9 | jitter p50 | p99 | p99.9 | lost % |", "|---|---|---|---|---|---|---|---|---|---|---|"]
        for calls in (10, 50, 100, 200, 400, 800, 1200, 1600, 2000):
            server = self.martinet("relay", calls, "threads=1", "ports=10000-19999")
            try:
                cpu = drive(self.tools, server, self.o.seconds, warm=1)
                times = drive(self.tools, server, self.o.seconds, warm=1, delays=True)
            finally:
                server.stop()
            self.note(f"curve {calls}", "Martinet", cpu)
            self.note(f"curve {calls}, stamped", "Martinet", times)
            late = " (the load was late)" if cpu["late_ticks"] > 20 * self.o.seconds else ""
            self.notes.append(f"| {calls} | {cpu['core_pct']:.1f}{late} | {10 * cpu['core_pct'] / calls:.3f} | {cpu['us_packet']:.2f} | " + " | ".join(
                f"{v:.3f}" for v in times["delay_ms"][:3] + times["jitter_ms"]) + f" | {cpu['loss_pct']:.3f} |")
        self.notes.append("")
