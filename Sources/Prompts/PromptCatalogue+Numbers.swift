extension PromptCatalogue {
    /// Numbers.
    static let numbers: [Phrase] = [
        Phrase(
            "number-0", .numbers,
            .human("digits/0", "zéro"),
            .human("digits/0", "zero")),
        Phrase(
            "number-1", .numbers,
            .human("digits/1", "un"),
            .human("digits/1", "one")),
        Phrase(
            "number-2", .numbers,
            .human("digits/2", "deux"),
            .human("digits/2", "two")),
        Phrase(
            "number-3", .numbers,
            .human("digits/3", "trois"),
            .human("digits/3", "three")),
        Phrase(
            "number-4", .numbers,
            .human("digits/4", "quatre"),
            .human("digits/4", "four")),
        Phrase(
            "number-5", .numbers,
            .human("digits/5", "cinq"),
            .human("digits/5", "five")),
        Phrase(
            "number-6", .numbers,
            .human("digits/6", "six"),
            .human("digits/6", "six")),
        Phrase(
            "number-7", .numbers,
            .human("digits/7", "sept"),
            .human("digits/7", "seven")),
        Phrase(
            "number-8", .numbers,
            .human("digits/8", "huit"),
            .human("digits/8", "eight")),
        Phrase(
            "number-9", .numbers,
            .human("digits/9", "neuf"),
            .human("digits/9", "nine")),
        Phrase(
            "number-10", .numbers,
            .human("digits/10", "dix"),
            .human("digits/10", "ten")),
        Phrase(
            "number-11", .numbers,
            .human("digits/11", "onze"),
            .human("digits/11", "eleven")),
        Phrase(
            "number-12", .numbers,
            .human("digits/12", "douze"),
            .human("digits/12", "twelve")),
        Phrase(
            "number-13", .numbers,
            .human("digits/13", "treize"),
            .human("digits/13", "thirteen")),
        Phrase(
            "number-14", .numbers,
            .human("digits/14", "quatorze"),
            .human("digits/14", "fourteen")),
        Phrase(
            "number-15", .numbers,
            .human("digits/15", "quinze"),
            .human("digits/15", "fifteen")),
        Phrase(
            "number-16", .numbers,
            .human("digits/16", "seize"),
            .human("digits/16", "sixteen")),
        Phrase(
            "number-17", .numbers,
            .human("digits/17", "dix-sept"),
            .human("digits/17", "seventeen")),
        Phrase(
            "number-18", .numbers,
            .human("digits/18", "dix-huit"),
            .human("digits/18", "eighteen")),
        Phrase(
            "number-19", .numbers,
            .human("digits/19", "dix-neuf"),
            .human("digits/19", "nineteen")),
        Phrase(
            "number-20", .numbers,
            .human("digits/20", "vingt"),
            .human("digits/20", "twenty")),
        Phrase(
            "number-30", .numbers,
            .human("digits/30", "trente"),
            .human("digits/30", "thirty")),
        Phrase(
            "number-40", .numbers,
            .human("digits/40", "quarante"),
            .human("digits/40", "forty")),
        Phrase(
            "number-50", .numbers,
            .human("digits/50", "cinquante"),
            .human("digits/50", "fifty")),
        Phrase(
            "number-60", .numbers,
            .human("digits/60", "soixante"),
            .human("digits/60", "sixty")),
        Phrase(
            "number-70", .numbers,
            .human("digits/70", "soixante-dix"),
            .human("digits/70", "seventy")),
        Phrase(
            "number-80", .numbers,
            .human("digits/80", "quatre-vingt"),
            .human("digits/80", "eighty")),
        Phrase(
            "number-90", .numbers,
            .human("digits/90", "quatre-vingt-dix"),
            .human("digits/90", "ninety")),
        Phrase(
            "number-hundred", .numbers,
            .human("digits/hundred", "cent"),
            .human("digits/hundred", "hundred")),
        Phrase(
            "number-thousand", .numbers,
            .human("digits/thousand", "mille"),
            .human("digits/thousand", "thousand")),
        Phrase(
            "number-million", .numbers,
            .human("digits/million", "million"),
            .human("digits/million", "million")),
        Phrase(
            "number-minus", .numbers,
            .human("digits/minus", "moins"),
            .human("digits/minus", "minus")),
        Phrase(
            "number-one-feminine", .numbers,
            .spoken("une"),
            .human("digits/1", "one")),
        Phrase(
            "number-and", .numbers,
            .human("digits/et", "et"),
            .human("vm-and", "and")),
        Phrase(
            "number-oh", .numbers,
            .human("digits/0", "zéro"),
            .human("digits/oh", "oh")),
        Phrase(
            "ordinal-1", .numbers,
            .human("digits/h-1", "premier"),
            .human("digits/h-1", "first")),
        Phrase(
            "ordinal-1-feminine", .numbers,
            .spoken("première"),
            .human("digits/h-1", "first")),
        Phrase(
            "ordinal-1-compound", .numbers,
            .spoken("unième"),
            .human("digits/h-1", "first")),
        Phrase(
            "ordinal-2", .numbers,
            .human("digits/h-2", "deuxième"),
            .human("digits/h-2", "second")),
        Phrase(
            "ordinal-3", .numbers,
            .human("digits/h-3", "troisième"),
            .human("digits/h-3", "third")),
        Phrase(
            "ordinal-4", .numbers,
            .human("digits/h-4", "quatrième"),
            .human("digits/h-4", "fourth")),
        Phrase(
            "ordinal-5", .numbers,
            .human("digits/h-5", "cinquième"),
            .human("digits/h-5", "fifth")),
        Phrase(
            "ordinal-6", .numbers,
            .human("digits/h-6", "sixième"),
            .human("digits/h-6", "sixth")),
        Phrase(
            "ordinal-7", .numbers,
            .human("digits/h-7", "septième"),
            .human("digits/h-7", "seventh")),
        Phrase(
            "ordinal-8", .numbers,
            .human("digits/h-8", "huitième"),
            .human("digits/h-8", "eighth")),
        Phrase(
            "ordinal-9", .numbers,
            .human("digits/h-9", "neuvième"),
            .human("digits/h-9", "ninth")),
        Phrase(
            "ordinal-10", .numbers,
            .human("digits/h-10", "dixième"),
            .human("digits/h-10", "tenth")),
        Phrase(
            "ordinal-11", .numbers,
            .human("digits/h-11", "onzième"),
            .human("digits/h-11", "eleventh")),
        Phrase(
            "ordinal-12", .numbers,
            .human("digits/h-12", "douzième"),
            .human("digits/h-12", "twelfth")),
        Phrase(
            "ordinal-13", .numbers,
            .human("digits/h-13", "treizième"),
            .human("digits/h-13", "thirteenth")),
        Phrase(
            "ordinal-14", .numbers,
            .human("digits/h-14", "quatorzième"),
            .human("digits/h-14", "fourteenth")),
        Phrase(
            "ordinal-15", .numbers,
            .human("digits/h-15", "quinzième"),
            .human("digits/h-15", "fifteenth")),
        Phrase(
            "ordinal-16", .numbers,
            .human("digits/h-16", "seizième"),
            .human("digits/h-16", "sixteenth")),
        Phrase(
            "ordinal-17", .numbers,
            .human("digits/h-17", "dix-septième"),
            .human("digits/h-17", "seventeenth")),
        Phrase(
            "ordinal-18", .numbers,
            .human("digits/h-18", "dix-huitième"),
            .human("digits/h-18", "eighteenth")),
        Phrase(
            "ordinal-19", .numbers,
            .human("digits/h-19", "dix-neuvième"),
            .human("digits/h-19", "nineteenth")),
        Phrase(
            "ordinal-20", .numbers,
            .human("digits/h-20", "vingtième"),
            .human("digits/h-20", "twentieth")),
        Phrase(
            "ordinal-30", .numbers,
            .human("digits/h-30", "trentième"),
            .human("digits/h-30", "thirtieth")),
        Phrase(
            "ordinal-40", .numbers,
            .human("digits/h-40", "quarantième"),
            .human("digits/h-40", "fortieth")),
        Phrase(
            "ordinal-50", .numbers,
            .human("digits/h-50", "cinquantième"),
            .human("digits/h-50", "fiftieth")),
        Phrase(
            "ordinal-60", .numbers,
            .human("digits/h-60", "soixantième"),
            .human("digits/h-60", "sixtieth")),
        Phrase(
            "ordinal-70", .numbers,
            .human("digits/h-70", "soixante-dixième"),
            .human("digits/h-70", "seventieth")),
        Phrase(
            "ordinal-80", .numbers,
            .human("digits/h-80", "quatre-vingtième"),
            .human("digits/h-80", "eightieth")),
        Phrase(
            "ordinal-90", .numbers,
            .human("digits/h-90", "quatre-vingt-dixième"),
            .human("digits/h-90", "ninetieth")),
        Phrase(
            "ordinal-hundred", .numbers,
            .human("digits/h-hundred", "centième"),
            .human("digits/h-hundred", "hundredth")),
        Phrase(
            "ordinal-thousand", .numbers,
            .human("digits/h-thousand", "millième"),
            .human("digits/h-thousand", "thousandth")),
        Phrase(
            "ordinal-million", .numbers,
            .human("digits/h-million", "millionième"),
            .human("digits/h-million", "millionth")),
        Phrase(
            "key-star", .numbers,
            .human("digits/star", "étoile"),
            .human("digits/star", "star")),
        Phrase(
            "key-pound", .numbers,
            .human("digits/pound", "dièse"),
            .human("digits/pound", "pound")),
    ]
}
