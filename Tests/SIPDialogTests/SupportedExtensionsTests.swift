import SIPDialog
import SIPMessage
import Testing

@Suite("SupportedExtensions")
struct SupportedExtensionsTests {
    @Test("RFC 3261 §20.37: Supported, Require and Allow are read, tags in any case, compact or not")
    func read() throws {
        let sent = try invite("k: timer, REPLACES\nRequire: 100rel\nAllow: INVITE, UPDATE, PRACK\nSupported: x-unknown")
        #expect(SupportedExtensions(of: sent) == [.timer, .replaces, .reliableProvisionals, .update, .prack])
        #expect(SupportedExtensions.required(by: sent) == [.reliableProvisionals])
        #expect(SupportedExtensions(of: try request()) == [])
    }

    @Test("RFC 3261 §8.2.2.3: the tags required and not supported, unknown ones as written; never for ACK and CANCEL")
    func unsupported() throws {
        let extra = "Require: timer, 100rel, X-Foo"
        #expect(SupportedExtensions.unsupported(in: try invite(extra), supported: [.timer]) == ["100rel", "X-Foo"])
        #expect(SupportedExtensions.unsupported(in: try request(), supported: []) == [])
        for method in ["ACK", "CANCEL"] {
            #expect(SupportedExtensions.unsupported(in: try request(method, extra), supported: []) == [])
        }
    }

    @Test("a set is written as option tags, without methods")
    func written() {
        let set: SupportedExtensions = [.timer, .update, .reliableProvisionals]
        #expect(set.optionTags == ["100rel", "timer"])
    }
}
