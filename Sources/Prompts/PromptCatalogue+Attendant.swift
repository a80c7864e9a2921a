extension PromptCatalogue {
    /// Attendant and directory.
    static let attendant: [Phrase] = [
        Phrase(
            "attendant-welcome", .attendant,
            .spoken("Bonjour et bienvenue."),
            .spoken("Hello and welcome.")),
        Phrase(
            "attendant-dial-extension", .attendant,
            .spoken("Si vous connaissez le numéro de poste de votre correspondant, composez-le maintenant."),
            .spoken("If you know the extension of the person you wish to reach, dial it now.")),
        Phrase(
            "attendant-operator", .attendant,
            .human("vm-reachoper", "Pour obtenir la réception, appuyez sur 0."),
            .human("vm-reachoper", "Press 0 to reach an operator.")),
        Phrase(
            "attendant-closed", .attendant,
            .spoken("Nos bureaux sont actuellement fermés. Veuillez rappeler pendant nos heures d'ouverture."),
            .spoken("Our offices are currently closed. Please call again during our opening hours.")),
        Phrase(
            "attendant-holiday", .attendant,
            .spoken("Nos bureaux sont fermés pour les congés."),
            .spoken("Our offices are closed for the holidays.")),
        Phrase(
            "attendant-opening-hours", .attendant,
            .spoken("Nos horaires d'ouverture sont"),
            .spoken("Our opening hours are")),
        Phrase(
            "attendant-leave-message", .attendant,
            .spoken("Pour laisser un message, appuyez sur 1."),
            .spoken("To leave a message, press 1.")),
        Phrase(
            "attendant-repeat", .attendant,
            .spoken("Pour réécouter ce menu, appuyez sur étoile."),
            .spoken("To hear this menu again, press star.")),
        Phrase(
            "attendant-emergency-mode", .attendant,
            .spoken("En raison de circonstances exceptionnelles, notre accueil téléphonique est limité."),
            .spoken("Due to exceptional circumstances, our telephone service is limited.")),
        Phrase(
            "directory-enter-letters", .attendant,
            .spoken("Composez sur votre clavier les trois premières lettres du nom de votre correspondant."),
            .spoken(
                """
                Using your keypad, enter the first three letters of the last name of the person you wish to reach.
                """)),
        Phrase(
            "directory-is-this-it", .attendant,
            .human(
                "dir-instr",
                """
                S'il s'agit de la personne que vous tentez de joindre, appuyez sur 1. Sinon, appuyez sur étoile.
                """),
            .human(
                "dir-instr", "If this is the person you are looking for press 1 now, otherwise please press star now.")),
        Phrase(
            "directory-no-match", .attendant,
            .human("dir-nomatch", "Aucune entrée ne correspond à votre sélection."),
            .human("dir-nomatch", "No directory entries match your search.")),
        Phrase(
            "directory-no-more", .attendant,
            .human("dir-nomore", "Aucune autre entrée ne correspond à votre sélection dans le répertoire."),
            .human("dir-nomore", "There are no more compatible entries in the directory.")),
        Phrase(
            "directory-more", .attendant,
            .human("dir-multi9", "Appuyez sur 9 pour plus d'entrées."),
            .human("dir-multi9", "Press 9 for more entries.")),
    ]
}
