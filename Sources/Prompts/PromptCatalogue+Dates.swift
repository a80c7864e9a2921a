extension PromptCatalogue {
    /// Dates and times.
    static let dates: [Phrase] = [
        Phrase(
            "day-sunday", .dates,
            .human("digits/day-0", "dimanche"),
            .human("digits/day-0", "Sunday")),
        Phrase(
            "day-monday", .dates,
            .human("digits/day-1", "lundi"),
            .human("digits/day-1", "Monday")),
        Phrase(
            "day-tuesday", .dates,
            .human("digits/day-2", "mardi"),
            .human("digits/day-2", "Tuesday")),
        Phrase(
            "day-wednesday", .dates,
            .human("digits/day-3", "mercredi"),
            .human("digits/day-3", "Wednesday")),
        Phrase(
            "day-thursday", .dates,
            .human("digits/day-4", "jeudi"),
            .human("digits/day-4", "Thursday")),
        Phrase(
            "day-friday", .dates,
            .human("digits/day-5", "vendredi"),
            .human("digits/day-5", "Friday")),
        Phrase(
            "day-saturday", .dates,
            .human("digits/day-6", "samedi"),
            .human("digits/day-6", "Saturday")),
        Phrase(
            "month-january", .dates,
            .human("digits/mon-0", "janvier"),
            .human("digits/mon-0", "January")),
        Phrase(
            "month-february", .dates,
            .human("digits/mon-1", "février"),
            .human("digits/mon-1", "February")),
        Phrase(
            "month-march", .dates,
            .human("digits/mon-2", "mars"),
            .human("digits/mon-2", "March")),
        Phrase(
            "month-april", .dates,
            .human("digits/mon-3", "avril"),
            .human("digits/mon-3", "April")),
        Phrase(
            "month-may", .dates,
            .human("digits/mon-4", "mai"),
            .human("digits/mon-4", "May")),
        Phrase(
            "month-june", .dates,
            .human("digits/mon-5", "juin"),
            .human("digits/mon-5", "June")),
        Phrase(
            "month-july", .dates,
            .human("digits/mon-6", "juillet"),
            .human("digits/mon-6", "July")),
        Phrase(
            "month-august", .dates,
            .human("digits/mon-7", "août"),
            .human("digits/mon-7", "August")),
        Phrase(
            "month-september", .dates,
            .human("digits/mon-8", "septembre"),
            .human("digits/mon-8", "September")),
        Phrase(
            "month-october", .dates,
            .human("digits/mon-9", "octobre"),
            .human("digits/mon-9", "October")),
        Phrase(
            "month-november", .dates,
            .human("digits/mon-10", "novembre"),
            .human("digits/mon-10", "November")),
        Phrase(
            "month-december", .dates,
            .human("digits/mon-11", "décembre"),
            .human("digits/mon-11", "December")),
        Phrase(
            "date-today", .dates,
            .human("digits/today", "aujourd'hui"),
            .human("digits/today", "today")),
        Phrase(
            "date-tomorrow", .dates,
            .human("digits/tomorrow", "demain"),
            .human("digits/tomorrow", "tomorrow")),
        Phrase(
            "date-yesterday", .dates,
            .human("digits/yesterday", "hier"),
            .human("digits/yesterday", "yesterday")),
        Phrase(
            "time-hour", .dates,
            .human("digits/oclock", "heure"),
            .human("digits/oclock", "o'clock")),
        Phrase(
            "time-hours", .dates,
            .human("hours", "heures"),
            .human("hours", "hours")),
        Phrase(
            "time-minute", .dates,
            .human("minute", "minute"),
            .human("minute", "minute")),
        Phrase(
            "time-minutes", .dates,
            .human("minutes", "minutes"),
            .human("minutes", "minutes")),
        Phrase(
            "time-second", .dates,
            .human("second", "seconde"),
            .human("second", "second")),
        Phrase(
            "time-seconds", .dates,
            .human("seconds", "secondes"),
            .human("seconds", "seconds")),
        Phrase(
            "time-one-hour", .dates,
            .spoken("une heure"),
            .spoken("one hour")),
        Phrase(
            "time-one-minute", .dates,
            .spoken("une minute"),
            .spoken("one minute")),
        Phrase(
            "time-one-second", .dates,
            .spoken("une seconde"),
            .spoken("one second")),
        Phrase(
            "time-midnight", .dates,
            .spoken("minuit"),
            .spoken("midnight")),
        Phrase(
            "time-noon", .dates,
            .spoken("midi"),
            .spoken("noon")),
        Phrase(
            "time-am", .dates,
            .human("digits/a-m", "A.M."),
            .human("digits/a-m", "A.M.")),
        Phrase(
            "time-pm", .dates,
            .human("digits/p-m", "P.M."),
            .human("digits/p-m", "P.M.")),
        Phrase(
            "time-it-is", .dates,
            .spoken("Il est"),
            .spoken("The time is")),
        Phrase(
            "time-at-the-tone", .dates,
            .human("at-tone-time-exactly", "Au timbre sonore, l'heure sera exactement"),
            .human("at-tone-time-exactly", "At the sound of the tone, the time will be exactly")),
    ]
}
