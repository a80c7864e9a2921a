extension PromptCatalogue {
    /// Letters.
    static let letters: [Phrase] = [
        Phrase(
            "letter-a", .letters,
            .human("letters/a", "a"),
            .human("letters/a", "A")),
        Phrase(
            "letter-b", .letters,
            .human("letters/b", "b"),
            .human("letters/b", "B")),
        Phrase(
            "letter-c", .letters,
            .human("letters/c", "c"),
            .human("letters/c", "C")),
        Phrase(
            "letter-d", .letters,
            .human("letters/d", "d"),
            .human("letters/d", "D")),
        Phrase(
            "letter-e", .letters,
            .human("letters/e", "e"),
            .human("letters/e", "E")),
        Phrase(
            "letter-f", .letters,
            .human("letters/f", "f"),
            .human("letters/f", "F")),
        Phrase(
            "letter-g", .letters,
            .human("letters/g", "g"),
            .human("letters/g", "G")),
        Phrase(
            "letter-h", .letters,
            .human("letters/h", "h"),
            .human("letters/h", "H")),
        Phrase(
            "letter-i", .letters,
            .human("letters/i", "i"),
            .human("letters/i", "I")),
        Phrase(
            "letter-j", .letters,
            .human("letters/j", "j"),
            .human("letters/j", "J")),
        Phrase(
            "letter-k", .letters,
            .human("letters/k", "k"),
            .human("letters/k", "K")),
        Phrase(
            "letter-l", .letters,
            .human("letters/l", "l"),
            .human("letters/l", "L")),
        Phrase(
            "letter-m", .letters,
            .human("letters/m", "m"),
            .human("letters/m", "M")),
        Phrase(
            "letter-n", .letters,
            .human("letters/n", "n"),
            .human("letters/n", "N")),
        Phrase(
            "letter-o", .letters,
            .human("letters/o", "o"),
            .human("letters/o", "O")),
        Phrase(
            "letter-p", .letters,
            .human("letters/p", "p"),
            .human("letters/p", "P")),
        Phrase(
            "letter-q", .letters,
            .human("letters/q", "q"),
            .human("letters/q", "Q")),
        Phrase(
            "letter-r", .letters,
            .human("letters/r", "r"),
            .human("letters/r", "R")),
        Phrase(
            "letter-s", .letters,
            .human("letters/s", "s"),
            .human("letters/s", "S")),
        Phrase(
            "letter-t", .letters,
            .human("letters/t", "t"),
            .human("letters/t", "T")),
        Phrase(
            "letter-u", .letters,
            .human("letters/u", "u"),
            .human("letters/u", "U")),
        Phrase(
            "letter-v", .letters,
            .human("letters/v", "v"),
            .human("letters/v", "V")),
        Phrase(
            "letter-w", .letters,
            .human("letters/w", "w"),
            .human("letters/w", "W")),
        Phrase(
            "letter-x", .letters,
            .human("letters/x", "x"),
            .human("letters/x", "X")),
        Phrase(
            "letter-y", .letters,
            .human("letters/y", "y"),
            .human("letters/y", "Y")),
        Phrase(
            "letter-z", .letters,
            .human("letters/z", "z"),
            .human("letters/z", "Z")),
        Phrase(
            "letter-at", .letters,
            .human("letters/at", "arobas"),
            .human("letters/at", "at")),
        Phrase(
            "letter-dash", .letters,
            .human("letters/dash", "trait d'union"),
            .human("letters/dash", "dash")),
        Phrase(
            "letter-dot", .letters,
            .human("letters/dot", "point"),
            .human("letters/dot", "dot")),
        Phrase(
            "letter-plus", .letters,
            .human("letters/plus", "plus"),
            .human("letters/plus", "plus")),
    ]
}
