"""What the works of Benchmarks/media share: processes under measurement, the telephones that drive them, exact CPU time."""
import json, mmap, os, shutil, signal, struct, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PHONES = 20000          # first port of the telephones, two a leg; servers take 10000-19999, both below what the system gives away
LOAD_CORE, WORK_CORE = 0, 1
COUNTED = ["malloc", "calloc", "realloc", "aligned", "free", "swift_allocObject", "swift_retain", "swift_release",
           "swift_bridgeObjectRetain", "swift_bridgeObjectRelease"]


def cpu_of(pid):
    """User and system time of a process with all its threads, in seconds, exact (the scheduler's sum, not ticks)."""
    return time.clock_gettime((~pid << 3) | 2)


def split_of(pid):
    """User and system time by ticks of 10 ms; only their ratio is used."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]), int(fields[12])


def switches_of(pid):
    """How often threads of the process went to sleep, and how often they were put off their core."""
    slept = put_off = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        for line in open(f"/proc/{pid}/task/{task}/status"):
            if line.startswith("voluntary_ctxt"):
                slept += int(line.split()[1])
            elif line.startswith("nonvoluntary_ctxt"):
                put_off += int(line.split()[1])
    return slept, put_off


def pin(core):
    return [] if core is None else ["taskset", "-c", str(core)]


class Counters:
    """What counts.c counts in a process that it is preloaded into."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "counts")
        with open(self.path, "wb") as file:
            file.write(bytes(8 * 64))
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 8 * 64)

    def trace(self, on):
        """Has counts.c write where allocations come from, if it was told where to."""
        struct.pack_into("<Q", self.map, 8 * 63, on)

    def read(self):
        return dict(zip(COUNTED, struct.unpack_from(f"<{len(COUNTED)}Q", self.map)))


class Process:
    """Something that speaks the protocol of MediaBench: lines of legs, READY, and figures for each line it is given."""

    def __init__(self, command, core=WORK_CORE, environment=None):
        self.process = subprocess.Popen(pin(core) + command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})
        self.legs = []
        for line in self.process.stdout:
            if line.strip() == "READY":
                break
            self.legs.append(line)
        else:
            sys.exit(f"{' '.join(command)} ended with {self.process.wait()} before it was ready")
        self.pid = self.process.pid

    def figures(self):
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.last = self.process.stdout.read()
        self.process.wait(30)


class Tools:
    def __init__(self, folder, release):
        self.folder, self.release = folder, release
        for name, flags in (("mediaload", ["-lcrypto"]), ("bareloop", ["-pthread"]), ("barefloor", ["-pthread"])):
            self.compile(os.path.join(HERE, name + ".c"), name, flags)
        self.compile(os.path.join(HERE, "..", "sip", "udpraw.c"), "udpraw", ["-pthread"])
        for name in ("counts", "opusspy"):
            self.compile(os.path.join(HERE, name + ".c"), name + ".so", ["-shared", "-fPIC", "-ldl"])

    def compile(self, source, name, flags):
        subprocess.run(["gcc", "-O2", "-w", "-o", self[name], source] + flags, check=True)

    def __getitem__(self, name):
        return os.path.join(self.folder, name)

    def built(self, name):
        return os.path.join(self.release, name)


def drive(tools, process, seconds, warm=1.5, delays=False, counters=None, legs=None):
    """Lets the telephones of `process` talk; what the process used while they were measured."""
    path = tools["legs"]
    with open(path, "w") as file:
        file.writelines(legs or process.legs)
    command = pin(LOAD_CORE) + [tools["mediaload"], path, str(warm), str(seconds)] + (["delays"] if delays else [])
    load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    taken, result = {}, None
    for line in load.stdout:
        line = line.strip()
        if line in ("MEASURE_START", "MEASURE_END"):
            if counters:
                counters.trace(line == "MEASURE_START")
            taken[line] = (cpu_of(process.pid), time.monotonic(), split_of(process.pid), switches_of(process.pid), counters and counters.read())
        elif line.startswith("{"):
            result = json.loads(line)
    if load.wait() != 0 or result is None:
        sys.exit(f"mediaload failed: {' '.join(command)}")
    (cpu, began, split, slept, counts), (cpu2, ended, split2, slept2, counts2) = taken["MEASURE_START"], taken["MEASURE_END"]
    result["cpu_s"] = cpu2 - cpu
    result["core_pct"] = 100 * (cpu2 - cpu) / (ended - began)
    user, system = split2[0] - split[0], split2[1] - split[1]
    result["user_share"] = user / (user + system) if user + system else 0
    result["sleeps_packet"] = (slept2[0] - slept[0]) / max(result["sent_measured"], 1)
    result["put_off"] = slept2[1] - slept[1]
    # A packet is one that came from a telephone: it is received and sent.
    result["us_packet"] = 1e6 * (cpu2 - cpu) / max(result["sent_measured"], 1)
    if counters:
        result["counts"] = {name: counts2[name] - counts[name] for name in counts}
    return result
