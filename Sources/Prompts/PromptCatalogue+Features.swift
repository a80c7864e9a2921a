extension PromptCatalogue {
    /// Features.
    static let features: [Phrase] = [
        Phrase(
            "feature-activated", .features,
            .human("activated", "activé"),
            .human("activated", "activated")),
        Phrase(
            "feature-deactivated", .features,
            .human("de-activated", "désactivé"),
            .human("de-activated", "de-activated")),
        Phrase(
            "feature-cancelled", .features,
            .human("cancelled", "annulé"),
            .human("cancelled", "cancelled")),
        Phrase(
            "feature-added", .features,
            .human("added", "ajouté"),
            .human("added", "added")),
        Phrase(
            "feature-removed", .features,
            .human("removed", "enlevé"),
            .human("removed", "removed")),
        Phrase(
            "feature-is-set-to", .features,
            .human("is-set-to", "est fixé à"),
            .human("is-set-to", "is set to")),
        Phrase(
            "feature-do-not-disturb", .features,
            .human("do-not-disturb", "ne pas déranger"),
            .human("do-not-disturb", "do not disturb")),
        Phrase(
            "feature-call-waiting", .features,
            .human("call-waiting", "appel en attente"),
            .human("call-waiting", "call waiting")),
        Phrase(
            "feature-forward-all", .features,
            .human("call-fwd-unconditional", "renvoi d'appel sans condition"),
            .human("call-fwd-unconditional", "call forward unconditional")),
        Phrase(
            "feature-forward-busy", .features,
            .human("call-fwd-on-busy", "renvoi d'appel lorsque occupé"),
            .human("call-fwd-on-busy", "call forward on busy")),
        Phrase(
            "feature-forward-no-answer", .features,
            .human("call-fwd-no-ans", "renvoi d'appel lorsque pas de réponse"),
            .human("call-fwd-no-ans", "call forward on no answer")),
        Phrase(
            "feature-speed-dial", .features,
            .human("speed-dial", "composition abrégée"),
            .human("speed-dial", "speed dial")),
        Phrase(
            "feature-speed-dial-empty", .features,
            .human("speed-dial-empty", "La composition abrégée à laquelle vous avez accédé n'existe pas."),
            .human("speed-dial-empty", "The speed dial entry you've accessed is empty.")),
        Phrase(
            "feature-enter-destination", .features,
            .spoken("Composez le numéro de destination, suivi du dièse."),
            .spoken("Enter the destination number, followed by the pound key.")),
        Phrase(
            "feature-your-extension", .features,
            .spoken("Votre numéro de poste est le"),
            .spoken("Your extension is")),
        Phrase(
            "feature-logged-in", .features,
            .spoken("Vous êtes connecté à ce téléphone."),
            .spoken("You are logged in to this phone.")),
        Phrase(
            "feature-logged-out", .features,
            .spoken("Vous êtes déconnecté de ce téléphone."),
            .spoken("You are logged out of this phone.")),
        Phrase(
            "feature-last-caller", .features,
            .human("privacy-to-blacklist-last-caller", "Le dernier appel était de"),
            .human("privacy-to-blacklist-last-caller", "The last caller was")),
        Phrase(
            "feature-call-this-number", .features,
            .human("to-call-this-number", "pour appeler ce numéro"),
            .human("to-call-this-number", "to call this number")),
        Phrase(
            "feature-no-last-caller", .features,
            .spoken("Aucun appel n'a été reçu."),
            .spoken("No call has been received.")),
        Phrase(
            "feature-number-blocked", .features,
            .spoken("Ce numéro est maintenant bloqué."),
            .spoken("This number is now blocked.")),
        Phrase(
            "feature-enter-blocked", .features,
            .human("enter-num-blacklist", "Veuillez entrer le numéro à bannir."),
            .human("enter-num-blacklist", "Please enter the number to be blacklisted.")),
        Phrase(
            "feature-enter-unblocked", .features,
            .human("entr-num-rmv-blklist", "Veuillez entrer le numéro à rayer de la liste noire."),
            .human("entr-num-rmv-blklist", "Please enter the number to be removed from the blacklist.")),
        Phrase(
            "feature-parked-at", .features,
            .spoken("L'appel est parqué au"),
            .spoken("The call is parked at")),
        Phrase(
            "feature-no-parked-call", .features,
            .human(
                "pbx-invalidpark", "Désolée, il n'y a pas d'appel en attente à ce poste. Veuillez essayer de nouveau."),
            .human("pbx-invalidpark", "I am sorry, there is no call parked on that extension. Please try again.")),
        Phrase(
            "feature-parking-failed", .features,
            .human("pbx-parkingfailed", "Tentative de placement d'appel échouée."),
            .human("pbx-parkingfailed", "Parking attempt failed.")),
        Phrase(
            "feature-nothing-to-pick-up", .features,
            .spoken("Il n'y a aucun appel à intercepter."),
            .spoken("There is no call to pick up.")),
        Phrase(
            "feature-call-back-set", .features,
            .spoken("Vous serez rappelé dès que votre correspondant sera libre."),
            .spoken("You will be called back as soon as the line is free.")),
        Phrase(
            "feature-wake-up-set", .features,
            .spoken("Votre réveil est programmé à"),
            .spoken("Your wake-up call is set for")),
        Phrase(
            "feature-wake-up-cancelled", .features,
            .spoken("Votre réveil est annulé."),
            .spoken("Your wake-up call is cancelled.")),
        Phrase(
            "feature-wake-up", .features,
            .spoken("Bonjour. Ceci est votre appel de réveil."),
            .spoken("Good morning. This is your wake-up call.")),
        Phrase(
            "feature-door", .features,
            .spoken("Quelqu'un sonne à la porte. Pour ouvrir, appuyez sur 9."),
            .spoken("Somebody is at the door. To open, press 9.")),
        Phrase(
            "feature-page", .features,
            .spoken("Votre annonce va être diffusée. Parlez après le bip."),
            .spoken("Your announcement will be broadcast. Speak after the tone.")),
        Phrase(
            "screen-caller-waiting", .features,
            .human("priv-callpending", "J'ai un appelant qui attend, qui se décrit comme"),
            .human("priv-callpending", "I have a caller waiting, who introduces themselves as")),
        Phrase(
            "screen-please-hold", .features,
            .human(
                "priv-introsaved",
                """
                Merci. Veuillez attendre pendant que je tente d'établir la connexion avec votre destinataire.
                """),
            .human("priv-introsaved", "Thank you. Please hold while I attempt to connect you with your party!")),
        Phrase(
            "follow-me-searching", .features,
            .human(
                "followme/status",
                """
                La personne que vous désirez joindre n'est pas à son bureau, je vais tenter de la localiser pour vous.
                """),
            .human(
                "followme/status", "The person you are calling is not at their desk; I will try to locate them for you."
            )),
        Phrase(
            "follow-me-please-hold", .features,
            .human(
                "followme/pls-hold-while-try",
                """
                Veuillez demeurer en ligne pendant que j'essaie de localiser la personne que vous désirez joindre.
                """),
            .human("followme/pls-hold-while-try", "Please hold while I try to locate the person you are calling.")),
        Phrase(
            "follow-me-not-found", .features,
            .human("followme/sorry", "Désolée, je n'ai pas réussi à localiser la personne que vous désirez joindre."),
            .human("followme/sorry", "I'm sorry, but I was unable to locate the person you are calling.")),
        Phrase(
            "follow-me-call-from", .features,
            .human("followme/call-from", "appel entrant de"),
            .human("followme/call-from", "incoming call from")),
        Phrase(
            "follow-me-call", .features,
            .human("followme/no-recording", "Vous avez un appel entrant."),
            .human("followme/no-recording", "You have an incoming call.")),
        Phrase(
            "follow-me-accept", .features,
            .human("followme/options", "Pour accepter cet appel appuyez sur 1, pour le refuser, appuyez sur 2."),
            .human("followme/options", "Press 1 to accept this call, or 2 to reject it.")),
    ]
}
