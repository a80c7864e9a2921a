import Basics
import Testing

@Suite("Thresholds of storage")
struct StorageWatchTests {
    @Test("each kind of file is told when it rises above and falls below its thresholds, once each (partly: MV-VM-06)")
    func thresholds() {
        var watch = StorageWatch(important: 80, critical: 95)
        func event(_ level: StorageWatch.Level, _ isAbove: Bool, _ percent: Int, _ kind: StorageWatch.Kind = .music)
            -> StorageWatch.Event
        {
            StorageWatch.Event(kind: kind, level: level, isAbove: isAbove, percent: percent)
        }
        #expect(watch.note(.music, used: 799, share: 1000) == [])
        #expect(watch.note(.music, used: 800, share: 1000) == [event(.important, true, 80)])
        #expect(watch.note(.music, used: 900, share: 1000) == [])
        #expect(
            watch.note(.announcements, used: 1200, share: 1000)
                == [event(.important, true, 120, .announcements), event(.critical, true, 120, .announcements)])
        #expect(watch.note(.music, used: 950, share: 1000) == [event(.critical, true, 95)])
        #expect(watch.note(.music, used: 949, share: 1000) == [event(.critical, false, 94)])
        #expect(watch.note(.music, used: 0, share: 1000) == [event(.important, false, 0)])
        #expect(
            watch.note(.announcements, used: 0, share: 1000)
                == [event(.critical, false, 0, .announcements), event(.important, false, 0, .announcements)])
    }

    @Test("a kind without bounds is never told, and no figure traps")
    func bounds() {
        var watch = StorageWatch()
        #expect(watch.note(.voicemail, used: .max, share: 0) == [])
        #expect(watch.note(.voicemail, used: -5, share: 10) == [])
        #expect(watch.note(.voicemail, used: .max, share: .max).count == 2)
        #expect(StorageWatch.Kind.allCases.map(\.rawValue) == [4, 5, 6])
    }
}
