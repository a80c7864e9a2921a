extension PromptCatalogue {
    /// Presence.
    static let presence: [Phrase] = [
        Phrase(
            "presence-person-at", .presence,
            .human("vm-theperson", "La personne au poste"),
            .human("vm-theperson", "The person at extension")),
        Phrase(
            "presence-unavailable", .presence,
            .human("vm-isunavail", "n'est pas disponible"),
            .human("vm-isunavail", "is unavailable")),
        Phrase(
            "presence-on-the-phone", .presence,
            .human("vm-isonphone", "est présentement en ligne"),
            .human("vm-isonphone", "is on the phone")),
        Phrase(
            "presence-absent", .presence,
            .spoken("est absente pour le moment"),
            .spoken("is away at the moment")),
        Phrase(
            "presence-meeting", .presence,
            .spoken("est en réunion"),
            .spoken("is in a meeting")),
        Phrase(
            "presence-do-not-disturb", .presence,
            .spoken("ne souhaite pas être dérangée"),
            .spoken("does not wish to be disturbed")),
        Phrase(
            "presence-lunch", .presence,
            .spoken("est en pause déjeuner"),
            .spoken("is at lunch")),
        Phrase(
            "presence-holiday", .presence,
            .spoken("est en congé"),
            .spoken("is on leave")),
        Phrase(
            "presence-sick", .presence,
            .spoken("est absente pour raison de santé"),
            .spoken("is on sick leave")),
        Phrase(
            "presence-travelling", .presence,
            .spoken("est en déplacement"),
            .spoken("is travelling")),
        Phrase(
            "presence-back", .presence,
            .spoken("Son retour est prévu"),
            .spoken("The expected return is")),
    ]
}
