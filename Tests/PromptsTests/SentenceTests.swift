import Prompts
import Testing

@Suite("Dates, times and sentences as they are said")
struct SentenceTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let says: String
        let language: PromptLanguage
        let parts: [PhrasePart]
        init(_ what: String, _ language: PromptLanguage, _ parts: [PhrasePart], _ says: String) {
            testDescription = "\(language.rawValue), \(what)"
            (self.language, self.parts, self.says) = (language, parts, says)
        }
    }

    private static let fr = PromptLanguage.french
    private static let en = PromptLanguage.english

    private static func date(_ year: Int, _ month: Int, _ day: Int, _ language: PromptLanguage) -> [PhrasePart] {
        guard let date = CivilDate(year: year, month: month, day: day),
            let today = CivilDate(year: 2026, month: 11, day: 21)
        else { return [] }
        return language.date(date, today: today)
    }

    static let everyRow: [Row] = [
        Row("a date", fr, date(2026, 11, 23, fr), "lundi vingt trois novembre"),
        Row("a date", en, date(2026, 11, 23, en), "monday november twenty third"),
        Row("a first", fr, date(2026, 5, 1, fr), "vendredi premier mai"),
        Row("today", fr, date(2026, 11, 21, fr), "aujourd'hui"),
        Row("tomorrow", en, date(2026, 11, 22, en), "tomorrow"),
        Row("yesterday", fr, date(2026, 11, 20, fr), "hier"),
        Row("another year", fr, date(2027, 1, 31, fr), "dimanche trente et un janvier deux mille vingt sept"),
        Row("another year", en, date(2024, 2, 29, en), "thursday february twenty ninth twenty twenty four"),
        Row("1999", fr, fr.year(1999), "mille neuf cent quatre vingt dix neuf"),
        Row("1999", en, en.year(1999), "nineteen ninety nine"),
        Row("1905", en, en.year(1905), "nineteen oh five"),
        Row("1900", en, en.year(1900), "nineteen hundred"),
        Row("2005", en, en.year(2005), "two thousand five"),
        Row("0:00", fr, fr.time(hour: 0, minute: 0), "minuit"),
        Row("0:05", fr, fr.time(hour: 0, minute: 5), "zéro heure cinq"),
        Row("1:00", fr, fr.time(hour: 1, minute: 0), "une heure"),
        Row("12:00", fr, fr.time(hour: 12, minute: 0), "midi"),
        Row("15:30", fr, fr.time(hour: 15, minute: 30), "quinze heures trente"),
        Row("21:21", fr, fr.time(hour: 21, minute: 21), "vingt et une heures vingt et une"),
        Row("23:01", fr, fr.time(hour: 23, minute: 1), "vingt trois heures une"),
        Row("0:00", en, en.time(hour: 0, minute: 0), "midnight"),
        Row("0:30", en, en.time(hour: 0, minute: 30), "twelve thirty a.m."),
        Row("9:05", en, en.time(hour: 9, minute: 5), "nine oh five a.m."),
        Row("12:00", en, en.time(hour: 12, minute: 0), "noon"),
        Row("12:15", en, en.time(hour: 12, minute: 15), "twelve fifteen p.m."),
        Row("15:00", en, en.time(hour: 15, minute: 0), "three p.m."),
        Row("0 s", fr, fr.length(.zero), "zéro seconde"),
        Row("61 s", fr, fr.length(.seconds(61)), "une minute et une seconde"),
        Row("61 s", en, en.length(.seconds(61)), "one minute and one second"),
        Row("81 s", fr, fr.length(.seconds(81)), "une minute et vingt et une secondes"),
        Row("3 h 2 min 5 s", fr, fr.length(.seconds(10_925)), "trois heures et deux minutes"),
        Row("1 h", en, en.length(.seconds(3600)), "one hour"),
        Row("2 h", en, en.length(.seconds(7200)), "two hours"),
        Row("-1 s", en, en.length(.seconds(-1)), "zero seconds"),
        Row("three messages", fr, fr.messages(new: 3, old: 0), "vous avez trois nouveau messages"),
        Row("one message", fr, fr.messages(new: 1, old: 0), "vous avez un nouveau message"),
        Row("no message", fr, fr.messages(new: 0, old: 0), "vous n'avez aucun message."),
        Row("new and old", fr, fr.messages(new: 21, old: 1), "vous avez vingt et un nouveau et un ancien message"),
        Row("new and old", en, en.messages(new: 1, old: 12), "you have one new and twelve old messages"),
        Row("old ones", en, en.messages(new: 0, old: 1), "you have one old message"),
        Row("the next", fr, fr.queuePosition(1), "votre appel sera le prochain à être traité."),
        Row("the fourth", fr, fr.queuePosition(4), "vous êtes présentement l'appelant numéro quatre"),
        Row("30 s to wait", en, en.holdTime(.seconds(30)), "the estimated hold time is currently less than one minute"),
        Row("61 s to wait", fr, fr.holdTime(.seconds(61)), "le temps d'attente est évalué à deux minutes"),
        Row("60 s to wait", fr, fr.holdTime(.seconds(60)), "le temps d'attente est évalué à une minute"),
        Row("alone", en, en.otherParticipants(0), "you are currently the only person in this conference."),
        Row("one other", fr, fr.otherParticipants(1), "il n'y a qu'un seul participant dans cette conférence."),
        Row(
            "12 others", en, en.otherParticipants(12),
            "there are currently twelve other participants in the conference."),
    ]

    @Test("sentences of both languages", arguments: everyRow)
    func sentences(row: Row) {
        #expect(plain(spoken(row.language, row.parts)) == row.says)
    }

    @Test("days that are none are no dates, and weekdays go on through leap years")
    func dates() throws {
        for (year, month, day) in [(2026, 2, 29), (2100, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (0, 1, 1)]
        {
            #expect(CivilDate(year: year, month: month, day: day) == nil)
        }
        // A Monday, a Thursday, a Saturday, a Tuesday.
        for (year, month, day, weekday) in [(1, 1, 1, 1), (1970, 1, 1, 4), (2000, 1, 1, 6), (2000, 2, 29, 2)] {
            #expect(CivilDate(year: year, month: month, day: day)?.weekday == weekday)
        }
        let leap = try #require(CivilDate(year: 2000, month: 3, day: 1))
        #expect(leap.days(since: try #require(CivilDate(year: 2000, month: 2, day: 28))) == 2)
        #expect(leap.days(since: try #require(CivilDate(year: 1999, month: 3, day: 1))) == 366)
    }
}
