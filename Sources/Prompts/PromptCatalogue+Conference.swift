extension PromptCatalogue {
    /// Conferences.
    static let conference: [Phrase] = [
        Phrase(
            "conf-enter-number", .conference,
            .human("conf-getconfno", "Veuillez composer votre numéro de conférence, suivi du dièse."),
            .human("conf-getconfno", "Please enter your conference number followed by the pound key.")),
        Phrase(
            "conf-invalid-number", .conference,
            .human("conf-invalid", "Ce numéro de conférence n'est pas valide. Veuillez réessayer de nouveau."),
            .human("conf-invalid", "That is not a valid conference number. Please try again.")),
        Phrase(
            "conf-enter-pin", .conference,
            .human("conf-getpin", "Veuillez composer le code d'accès de la conférence."),
            .human("conf-getpin", "Please enter the conference pin number.")),
        Phrase(
            "conf-invalid-pin", .conference,
            .human("conf-invalidpin", "Ce code d'accès est invalide pour cette conférence."),
            .human("conf-invalidpin", "That pin is invalid for this conference.")),
        Phrase(
            "conf-too-many-pins", .conference,
            .human(
                "confbridge-pin-bad",
                "Vous avez entré un trop grand nombre de codes d'identification personnels invalides."),
            .human("confbridge-pin-bad", "You have entered too many invalid personal identification numbers.")),
        Phrase(
            "conf-entering-number", .conference,
            .human("conf-enteringno", "Vous entrez dans la conférence"),
            .human("conf-enteringno", "You are entering conference number")),
        Phrase(
            "conf-placed", .conference,
            .human("conf-placeintoconf", "Vous allez maintenant joindre la conférence."),
            .human("conf-placeintoconf", "You will now be placed into the conference.")),
        Phrase(
            "conf-only-person", .conference,
            .human("conf-onlyperson", "Vous êtes présentement le seul participant dans cette conférence."),
            .human("conf-onlyperson", "You are currently the only person in this conference.")),
        Phrase(
            "conf-one-other", .conference,
            .human("conf-onlyone", "Il n'y a qu'un seul participant dans cette conférence."),
            .human("conf-onlyone", "There is currently one other participant in the conference.")),
        Phrase(
            "conf-there-are", .conference,
            .human("conf-thereare", "Il y a présentement"),
            .human("conf-thereare", "There are currently")),
        Phrase(
            "conf-other-participants", .conference,
            .human("conf-otherinparty", "autres participants dans cette conférence."),
            .human("conf-otherinparty", "other participants in the conference.")),
        Phrase(
            "conf-has-joined", .conference,
            .human("conf-hasjoin", "s'est joint à la conférence."),
            .human("conf-hasjoin", "is now in the conference.")),
        Phrase(
            "conf-has-left", .conference,
            .human("conf-hasleft", "a quitté la conférence."),
            .human("conf-hasleft", "has left the conference.")),
        Phrase(
            "conf-wait-for-leader", .conference,
            .human("conf-waitforleader", "La conférence débutera dès l'arrivée du responsable."),
            .human("conf-waitforleader", "The conference will begin when the leader arrives.")),
        Phrase(
            "conf-leader-left", .conference,
            .human("conf-leaderhasleft", "Le responsable a quitté la conférence."),
            .human("conf-leaderhasleft", "The leader has left the conference.")),
        Phrase(
            "conf-begins", .conference,
            .human("confbridge-conf-begin", "La conférence va maintenant débuter."),
            .human("confbridge-conf-begin", "The conference will now begin.")),
        Phrase(
            "conf-ends-soon", .conference,
            .spoken("La conférence se termine dans une minute."),
            .spoken("The conference ends in one minute.")),
        Phrase(
            "conf-ended", .conference,
            .human("confbridge-conf-end", "La conférence est maintenant terminée."),
            .human("confbridge-conf-end", "The conference has ended.")),
        Phrase(
            "conf-full", .conference,
            .human("conf-full", "Cette conférence est pleine."),
            .human("conf-full", "That conference is full.")),
        Phrase(
            "conf-locked", .conference,
            .human("conf-locked", "Cette conférence est verrouillée."),
            .human("conf-locked", "This conference is locked!")),
        Phrase(
            "conf-now-locked", .conference,
            .human("conf-lockednow", "Cette conférence est maintenant verrouillée."),
            .human("conf-lockednow", "The conference is now locked.")),
        Phrase(
            "conf-now-unlocked", .conference,
            .human("conf-unlockednow", "Cette conférence est maintenant déverrouillée."),
            .human("conf-unlockednow", "The conference is now unlocked.")),
        Phrase(
            "conf-muted", .conference,
            .human("conf-muted", "Vous êtes maintenant en mode discret."),
            .human("conf-muted", "You are now muted.")),
        Phrase(
            "conf-unmuted", .conference,
            .human("conf-unmuted", "Vous pouvez maintenant parler."),
            .human("conf-unmuted", "You are now unmuted.")),
        Phrase(
            "conf-all-muted", .conference,
            .human("conf-now-muted", "La conférence est maintenant en mode discret."),
            .human("conf-now-muted", "The conference is now muted.")),
        Phrase(
            "conf-all-unmuted", .conference,
            .human("conf-now-unmuted", "La conférence n'est plus en mode discret."),
            .human("conf-now-unmuted", "The conference is now unmuted.")),
        Phrase(
            "conf-removed", .conference,
            .human("confbridge-removed", "Vous avez été retiré de cette conférence."),
            .human("confbridge-removed", "You have been removed from the conference.")),
        Phrase(
            "conf-extended", .conference,
            .human("conf-extended", "La conférence a été prolongée."),
            .human("conf-extended", "The conference has been extended.")),
        Phrase(
            "conf-not-extended", .conference,
            .human("conf-nonextended", "La conférence ne peut être prolongée."),
            .human("conf-nonextended", "The conference cannot be extended.")),
        Phrase(
            "conf-recording", .conference,
            .human("conf-now-recording", "La conférence est maintenant enregistrée."),
            .human("conf-now-recording", "The conference is now being recorded.")),
        Phrase(
            "conf-menu", .conference,
            .human(
                "conf-usermenu",
                """
                Pour activer ou désactiver le mode sourdine, veuillez appuyer sur 1. Pour réduire ou augmenter le volume \
                de la conférence, appuyez sur 4 ou 6. Pour réduire ou augmenter votre volume, appuyez sur 7 ou 9. Pour \
                quitter, appuyez sur 8.
                """),
            .human(
                "conf-usermenu",
                """
                Please press 1 to mute or unmute yourself, 4 or 6 to decrease or increase the conference volume, 7 or 9 to \
                decrease or increase your volume, or 8 to exit.
                """)),
        Phrase(
            "conf-leader-menu", .conference,
            .human(
                "conf-adminmenu",
                """
                Pour activer ou désactiver le mode sourdine, veuillez appuyer sur 1. Pour verrouiller ou déverrouiller la \
                conférence, appuyez sur 2. Pour éjecter le dernier participant, appuyez sur 3. Pour réduire ou augmenter \
                le volume de la conférence, appuyez sur 4 ou 6. Pour réduire ou augmenter votre volume, appuyez sur 7 ou \
                9. Pour quitter, appuyez sur 8.
                """),
            .human(
                "conf-adminmenu",
                """
                Please press 1 to mute or unmute yourself, 2 to lock or unlock the conference, 3 to eject the last user, 4 \
                or 6 to decrease or increase the conference volume, 7 or 9 to decrease or increase your volume, or 8 to \
                exit.
                """)),
        Phrase(
            "conf-invalid-choice", .conference,
            .human("conf-errormenu", "Ce choix n'est pas valide."),
            .human("conf-errormenu", "Invalid choice.")),
    ]
}
