import Foundation
import Prompts
import Testing

@Suite("Numbers as they are said")
struct NumberTests {
    /// Numbers of both languages, from another program; hyphens are spaces, and the plural s that nobody hears is left away.
    static let golden: [[String]] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden/numbers.csv"
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }()

    @Test("0 to 1,000,000 at every boundary, as a number and as a rank")
    func boundaries() throws {
        try #require(Self.golden.count == 242)
        for row in Self.golden {
            let value = try #require(Int(row[0]))
            #expect(plain(spoken(.french, PromptLanguage.french.number(value))) == row[1])
            #expect(plain(spoken(.english, PromptLanguage.english.number(value))) == row[2])
            guard value > 0 else { continue }
            #expect(plain(spoken(.french, PromptLanguage.french.ordinal(value))) == row[3])
            #expect(plain(spoken(.english, PromptLanguage.english.ordinal(value))) == row[4])
        }
    }

    @Test("no number up to a million is said with a word that is not in the catalogue")
    func complete() {
        for value in Array(0...20_000) + Array(stride(from: 20_000, through: 1_000_000, by: 97)) {
            for language in PromptLanguage.allCases {
                for gender in [Gender.masculine, .feminine] {
                    #expect(!spoken(language, language.number(value, gender)).contains("<"))
                    #expect(!spoken(language, language.ordinal(value, gender)).contains("<"))
                }
            }
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let language: PromptLanguage
        let parts: [PhrasePart]
        init(_ testDescription: String, _ language: PromptLanguage, _ parts: [PhrasePart]) {
            (self.testDescription, self.language, self.parts) = (testDescription, language, parts)
        }
    }

    static let everyRow: [Row] = [
        Row("une", .french, PromptLanguage.french.number(1, .feminine)),
        Row("vingt et une", .french, PromptLanguage.french.number(21, .feminine)),
        Row("soixante et onze", .french, PromptLanguage.french.number(71, .feminine)),
        Row("quatre vingt une", .french, PromptLanguage.french.number(81, .feminine)),
        Row("cent une", .french, PromptLanguage.french.number(101, .feminine)),
        Row("vingt et un mille une", .french, PromptLanguage.french.number(21_001, .feminine)),
        Row("première", .french, PromptLanguage.french.ordinal(1, .feminine)),
        Row("vingt et unième", .french, PromptLanguage.french.ordinal(21, .feminine)),
        Row("one", .english, PromptLanguage.english.number(1, .feminine)),
        Row("moins deux", .french, PromptLanguage.french.number(-2)),
        Row("minus twenty one", .english, PromptLanguage.english.number(-21)),
        Row("two million one", .english, PromptLanguage.english.number(2_000_001)),
        Row("zéro", .french, PromptLanguage.french.ordinal(0)),
        // Beyond what is counted, digit by digit.
        Row("one zero zero zero zero zero zero zero zero zero", .english, PromptLanguage.english.number(1_000_000_000)),
        Row(
            "nine two two three three seven two zero three six eight five four seven seven five eight zero seven",
            .english,
            PromptLanguage.english.number(.max)),
        Row("zéro zéro sept étoile dièse", .french, PromptLanguage.french.digits("007 *x#")),
        Row("", .english, PromptLanguage.english.digits("٣")),
        // Telephone numbers.
        Row(
            "zéro un, quarante deux, trente quatre, zéro six, soixante dix huit",
            .french, PromptLanguage.french.telephoneNumber("01 42 34 06 78")),
        Row(
            "plus trente trois, un, quarante deux, trente quatre, zéro zéro, soixante dix huit", .french,
            PromptLanguage.french.telephoneNumber("+33 1 42 34 00 78")),
        Row(
            "two one two, five five five, zero one two three", .english,
            PromptLanguage.english.telephoneNumber("(212) 555-0123")),
        Row(
            "plus one, two one two, five five five, zero one two three", .english,
            PromptLanguage.english.telephoneNumber("+12125550123")),
        Row(
            "plus four four, two zero seven, nine four six, zero nine five eight",
            .english, PromptLanguage.english.telephoneNumber("+442079460958")),
        Row("un zéro zéro un", .french, PromptLanguage.french.telephoneNumber("1001")),
        Row("étoile deux un dièse", .french, PromptLanguage.french.telephoneNumber("*21#")),
        Row("", .french, PromptLanguage.french.telephoneNumber("anonymous")),
        // Spelling.
        Row("d u p o n t trait d'union l e c e point f r", .french, PromptLanguage.french.spelling("Dupont-Lécé.fr")),
        Row("a one at b", .english, PromptLanguage.english.spelling("A1@b!")),
    ]

    @Test("gender, sign, size, telephone numbers and spelling", arguments: everyRow)
    func rows(row: Row) {
        #expect(plain(spoken(row.language, row.parts)) == row.testDescription)
    }
}
