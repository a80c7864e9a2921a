extension PromptCatalogue {
    /// Calls that fail.
    static let errors: [Phrase] = [
        Phrase(
            "error-not-in-service", .errors,
            .human(
                "ss-noservice",
                "Le numéro composé n'est pas en service. Veuillez vérifier le numéro et essayer de nouveau."),
            .human(
                "ss-noservice", "The number you have dialed is not in service. Please check the number and try again.")),
        Phrase(
            "error-not-completed", .errors,
            .human("cannot-complete-as-dialed", "Votre appel ne peut être complété tel que composé."),
            .human("cannot-complete-as-dialed", "Your call cannot be completed as dialed.")),
        Phrase(
            "error-check-number", .errors,
            .human("check-number-dial-again", "Veuillez vérifier le numéro et composer de nouveau."),
            .human("check-number-dial-again", "Please check the number and dial again.")),
        Phrase(
            "error-number-changed", .errors,
            .spoken("Le numéro que vous avez composé a changé. Veuillez consulter l'annuaire."),
            .spoken("The number you have dialed has changed. Please consult the directory.")),
        Phrase(
            "error-invalid-extension", .errors,
            .human("pbx-invalid", "Désolée, ce numéro de poste n'est pas valide. Veuillez essayer de nouveau."),
            .human("pbx-invalid", "I am sorry, that's not a valid extension. Please try again.")),
        Phrase(
            "error-all-busy", .errors,
            .human("all-circuits-busy-now", "Toutes les lignes sont occupées pour l'instant."),
            .human("all-circuits-busy-now", "All circuits are busy now.")),
        Phrase(
            "error-limit-reached", .errors,
            .human("simul-call-limit-reached", "La limite d'appels simultanés a été atteinte."),
            .human("simul-call-limit-reached", "Simultaneous call limit reached.")),
        Phrase(
            "error-busy", .errors,
            .spoken("Votre correspondant est déjà en communication."),
            .spoken("The person you are calling is on another call.")),
        Phrase(
            "error-no-answer", .errors,
            .spoken("Votre correspondant ne répond pas."),
            .spoken("The person you are calling does not answer.")),
        Phrase(
            "error-nobody-available", .errors,
            .human("vm-nobodyavail", "Personne n'est en mesure de prendre votre appel en ce moment."),
            .human("vm-nobodyavail", "Nobody is available to take your call at the moment.")),
        Phrase(
            "error-not-reachable", .errors,
            .spoken("Votre correspondant n'est pas joignable pour le moment."),
            .spoken("The person you are calling cannot be reached at the moment.")),
        Phrase(
            "error-not-allowed", .errors,
            .spoken("Vous n'êtes pas autorisé à appeler ce numéro."),
            .spoken("You are not allowed to call this number.")),
        Phrase(
            "error-international-barred", .errors,
            .spoken("Les appels internationaux ne sont pas autorisés depuis ce poste."),
            .spoken("International calls are not allowed from this extension.")),
        Phrase(
            "error-premium-barred", .errors,
            .spoken("Les appels vers les numéros surtaxés ne sont pas autorisés depuis ce poste."),
            .spoken("Calls to premium rate numbers are not allowed from this extension.")),
        Phrase(
            "error-feature-unavailable", .errors,
            .human("feature-not-avail-line", "Cette fonctionnalité n'est pas disponible sur cette ligne."),
            .human("feature-not-avail-line", "That feature is not available on this line.")),
        Phrase(
            "error-anonymous-refused", .errors,
            .human("privacy-unident", "Le numéro que vous tentez de joindre n'accepte pas les appels inconnus."),
            .human("privacy-unident", "The party you are trying to reach does not accept unidentified calls.")),
        Phrase(
            "error-call-refused", .errors,
            .spoken("Votre correspondant n'accepte pas cet appel."),
            .spoken("The person you are calling does not accept this call.")),
        Phrase(
            "error-suspended", .errors,
            .spoken("Cette ligne est suspendue. Veuillez contacter votre opérateur."),
            .spoken("This line is suspended. Please contact your operator.")),
        Phrase(
            "error-credit-used-up", .errors,
            .spoken("Votre crédit est épuisé. L'appel va être coupé."),
            .spoken("Your credit is used up. The call will now end.")),
        Phrase(
            "error-technical", .errors,
            .spoken(
                """
                En raison d'un incident technique, votre appel ne peut aboutir. Veuillez réessayer dans quelques instants.
                """),
            .spoken("Due to a technical fault your call cannot be completed. Please try again in a few moments.")),
    ]
}
