"""The SIP of the soak's telephones: all users on one socket, hundreds of calls between them, without their media."""
import asyncio, base64, os, re, secrets, sys
from kit import ROOT

sys.path.insert(0, os.path.join(ROOT, "e2e"))
from support.sip import Message, digest_header, token

HOST = "127.0.0.1"
FORMATS = {"PCMA": (8, "PCMA/8000", 160), "G722": (9, "G722/8000", 160)}
SETTING_UP = 30         # calls that are being set up at the same time
PATIENCE = 8.0          # seconds after which an unanswered request has failed


class Users:
    def __init__(self, server):
        users = server.users()
        self.callers, self.called = users[:len(users) // 2], users[len(users) // 2:]
        self.all, self.port = users, server.sip_port


class Side:
    """One telephone's side of a call: its port, its keys, and where it was told to send."""

    def __init__(self, port, coding, protects=False):
        self.port, self.coding, self.remote = port, coding, None
        self.key = secrets.token_bytes(30) if protects else None
        self.other_key = None

    def offer(self):
        number, name, _ = FORMATS[self.coding]
        profile = "RTP/SAVP" if self.key else "RTP/AVP"
        crypto = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(self.key).decode()}\r\n" if self.key else ""
        return (f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio {self.port} {profile} {number}\r\n"
                f"a=rtpmap:{number} {name}\r\n{crypto}a=ptime:20\r\n")

    def read(self, body):
        self.remote = (re.search(r"c=IN IP4 (\S+)", body)[1], int(re.search(r"m=audio (\d+)", body)[1]))
        if self.key:
            self.other_key = base64.b64decode(re.search(r"a=crypto:\d+ AES_CM_128_HMAC_SHA1_80 inline:([A-Za-z0-9+/=]+)", body)[1])

    def leg(self, frames):
        number, _, units = FORMATS[self.coding]
        return (f"{self.port} {self.remote[0]} {self.remote[1]} {frames} {number} {units} 1 "
                f"{self.key.hex() if self.key else '-'} {self.other_key.hex() if self.key else '-'}\n")


class Call:
    def __init__(self, kind, caller, called, port):
        self.kind, self.caller, self.called = kind, caller, called
        self.id, self.tag, self.other_tag, self.cseq = token("soak-"), token(), "", 0
        self.sides = [Side(port, "PCMA", protects=kind == "srtp")]
        if kind in ("relay", "srtp", "transcode"):
            self.sides.append(Side(port + 2, "G722" if kind == "transcode" else "PCMA"))
        self.target = None
        self.answered = asyncio.get_running_loop().create_future()

    def legs(self, frames):
        """Lines for mediaload. What is relayed carries the time it was sent at; what is decoded is speech."""
        if self.kind in ("relay", "srtp"):
            return "".join(side.leg("-") for side in self.sides)
        return "".join(side.leg(os.path.join(frames, side.coding)) for side in self.sides)


class Calls(asyncio.DatagramProtocol):
    def __init__(self, users):
        self.users, self.waiting, self.ringing, self.answers = users, {}, {}, {}
        self.failures, self.opened, self.up = [], 0, 0
        self.setting_up = asyncio.Semaphore(SETTING_UP)
        self.pairs = {}

    # ------------------------------------------------------------ messages
    async def start(self):
        self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        self.port = self.transport.get_extra_info("sockname")[1]

    def send(self, text):
        self.transport.sendto(text.encode(), (HOST, self.users.port))

    def datagram_received(self, data, _):
        if not data.strip():
            return
        message = Message(data.decode(errors="replace"))
        if message.status:
            branch = re.search(r"branch=([^;,\s]+)", message.get("Via"))[1]
            waiting = self.waiting.get(branch)
            if waiting and message.status >= 200 and not waiting.done():
                waiting.set_result(message)
            elif message.cseq_method == "INVITE" and 200 <= message.status < 300 and branch in self.answers:
                self.send(self.answers[branch])     # the ACK was lost
        elif message.method == "INVITE":
            self.invited(message)
        elif message.method != "ACK":
            self.reply(message, 200)

    def reply(self, request, status, body="", tag=None, contact=""):
        to = request.get("To")
        if tag and "tag=" not in to:
            to += f";tag={tag}"
        copied = "".join(f"{n}: {v}\r\n" for n in ("Via", "Record-Route") for v in request.all(n))
        extra = f"Contact: <sip:{contact}@{HOST}:{self.port}>\r\n" if contact else ""
        extra += "Content-Type: application/sdp\r\n" if body else ""
        self.send(f"SIP/2.0 {status} OK\r\n{copied}From: {request.get('From')}\r\nTo: {to}\r\nCall-ID: {request.get('Call-ID')}\r\n"
                  f"CSeq: {request.get('CSeq')}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}")

    def invited(self, request):
        """A call for one of ours; again, an offer within it (a session's refresh): the same answer."""
        id = request.get("Call-ID")
        if id not in self.ringing:
            user = re.match(r"\S+ sip:([^@;]+)@", request.first)[1]
            caller = re.search(r"sip:([^@;>]+)@", request.get("From"))[1]
            call = self.pairs.get((caller, user))
            if call is None:
                return self.reply(request, 486, tag=token())
            del self.pairs[(caller, user)]
            self.ringing[id] = (call, token(), user)
        call, tag, user = self.ringing[id]
        side = call.sides[1]
        if request.body:
            side.read(request.body)
        self.reply(request, 200, side.offer(), tag, user)
        if not call.answered.done():
            call.answered.set_result(id)

    async def request(self, method, user, uri, call_id, tag, to, cseq, extra="", body="", branch=None):
        """Sends a request until a final answer is there."""
        branch = branch or "z9hG4bK" + token()
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:{self.port};branch={branch};rport\r\nMax-Forwards: 70\r\n"
                f"From: <sip:{user.extension}@{user.domain}>;tag={tag}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
                f"Contact: <sip:{user.extension}@{HOST}:{self.port}>\r\n{extra}{kind}Content-Length: {len(body)}\r\n\r\n{body}")
        if method == "ACK":
            self.send(text)
            return text
        self.waiting[branch] = asyncio.get_running_loop().create_future()
        try:
            wait, waited = 0.5, 0.0
            while True:
                self.send(text)
                done, _ = await asyncio.wait([self.waiting[branch]], timeout=wait)
                if done:
                    return self.waiting[branch].result()
                waited, wait = waited + wait, min(2 * wait, 4)
                if waited > PATIENCE:
                    raise TimeoutError(f"{method} of {user.extension} was not answered in {PATIENCE:g} s")
        finally:
            del self.waiting[branch]

    async def register(self):
        await self.start()
        for user in self.users.all:
            uri, me = f"sip:{user.domain}", f"<sip:{user.extension}@{user.domain}>"
            id, tag = token("reg-"), token()
            answer = await self.request("REGISTER", user, uri, id, tag, me, 1, "Expires: 7200\r\n")
            header = digest_header(user, answer.get("WWW-Authenticate"), "REGISTER", uri)
            answer = await self.request("REGISTER", user, uri, id, tag, me, 2, f"Expires: 7200\r\n{header}\r\n")
            if answer.status != 200:
                raise SystemExit(f"{user.extension} could not register: {answer.first}")

    # ------------------------------------------------------------ calls
    async def open(self, kinds, first):
        """As many calls as there are kinds, on ports from `first`; those that are up."""
        made = await asyncio.gather(*(self.one(kind, first + 4 * index) for index, kind in enumerate(kinds)))
        return [call for call in made if call]

    async def one(self, kind, port):
        async with self.setting_up:
            caller, called = await self.free_pair(kind)
            call = Call(kind, caller, called, port)
            if len(call.sides) > 1:
                self.pairs[(caller.extension, called)] = call
            try:
                await self.dial(call)
            except (TimeoutError, ValueError) as e:
                self.failures.append(f"{kind}: {e}")
                # What the server still sends of it must not be taken for the pair's next call.
                self.pairs[(caller.extension, called)] = None
                asyncio.get_running_loop().call_later(PATIENCE, self.pairs.pop, (caller.extension, called), None)
                return None
            self.opened += 1
            self.up += 1
            return call

    async def free_pair(self, kind):
        """Who calls whom; of one pair only one call is being set up, as the number called does not know the caller's call."""
        while True:
            caller = secrets.choice(self.users.callers)
            called = {"music": "601", "room": "602"}.get(kind) or secrets.choice(self.users.called).extension
            if (caller.extension, called) not in self.pairs:
                return caller, called
            await asyncio.sleep(0.01)

    async def dial(self, call):
        user, uri = call.caller, f"sip:{call.called}@{call.caller.domain}"
        header, branch = "", ""
        for call.cseq in (1, 2):
            branch = "z9hG4bK" + token()
            answer = await self.request("INVITE", user, uri, call.id, call.tag, f"<{uri}>", call.cseq, header, call.sides[0].offer(), branch)
            call.to = answer.get("To")
            if answer.status < 300:
                break
            # The ACK of a refusal is of its own transaction (RFC 3261 §17.1.1.3).
            await self.request("ACK", user, uri, call.id, call.tag, call.to, call.cseq, branch=branch)
            if answer.status != 401 or header:
                raise ValueError(f"{user.extension} to {call.called}: {answer.first}")
            header = digest_header(user, answer.get("WWW-Authenticate"), "INVITE", uri) + "\r\n"
        call.sides[0].read(answer.body)
        call.target = re.search(r"<([^>]+)>", answer.get("Contact"))[1]
        self.answers[branch] = await self.request("ACK", user, call.target, call.id, call.tag, call.to, call.cseq)
        call.branch = branch
        if len(call.sides) > 1:
            call.ringing = await asyncio.wait_for(call.answered, PATIENCE)

    async def close(self, calls):
        await asyncio.gather(*(self.hang_up(call) for call in calls))

    async def hang_up(self, call):
        async with self.setting_up:
            call.cseq += 1
            try:
                answer = await self.request("BYE", call.caller, call.target, call.id, call.tag, call.to, call.cseq)
                if answer.status != 200:
                    self.failures.append(f"{call.kind}: BYE of {call.caller.extension}: {answer.first}")
            except TimeoutError as e:
                self.failures.append(f"{call.kind}: {e}")
            self.up -= 1
            self.answers.pop(call.branch, None)
            if len(call.sides) > 1:
                # The other side's BYE is answered a moment later.
                asyncio.get_running_loop().call_later(5, self.ringing.pop, call.ringing, None)
