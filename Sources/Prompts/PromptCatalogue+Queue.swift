extension PromptCatalogue {
    /// Queues.
    static let queue: [Phrase] = [
        Phrase(
            "queue-position", .queue,
            .human("queue-thereare", "Vous êtes présentement l'appelant numéro"),
            .human("queue-thereare", "You are currently caller number")),
        Phrase(
            "queue-next", .queue,
            .human("queue-youarenext", "Votre appel sera le prochain à être traité."),
            .human(
                "queue-youarenext",
                "Your call is now first in line and will be answered by the next available representative.")),
        Phrase(
            "queue-waiting", .queue,
            .human("queue-callswaiting", "en attente pour parler à un préposé"),
            .human("queue-callswaiting", "waiting to speak with a representative")),
        Phrase(
            "queue-more-than", .queue,
            .human("queue-quantity1", "Il y a présentement plus de"),
            .human("queue-quantity1", "Currently, there are more than")),
        Phrase(
            "queue-callers-waiting", .queue,
            .human("queue-quantity2", "appelants en attente pour parler à un représentant."),
            .human("queue-quantity2", "callers waiting to speak with a representative.")),
        Phrase(
            "queue-hold-time", .queue,
            .human("queue-holdtime", "Le temps d'attente est évalué à"),
            .human("queue-holdtime", "The estimated hold time is currently")),
        Phrase(
            "queue-less-than", .queue,
            .human("queue-less-than", "moins de"),
            .human("queue-less-than", "less than")),
        Phrase(
            "queue-minute", .queue,
            .human("queue-minute", "minute"),
            .human("queue-minute", "minute")),
        Phrase(
            "queue-minutes", .queue,
            .human("queue-minutes", "minutes"),
            .human("queue-minutes", "minutes")),
        Phrase(
            "queue-seconds", .queue,
            .human("queue-seconds", "secondes"),
            .human("queue-seconds", "seconds")),
        Phrase(
            "queue-reported-hold", .queue,
            .human("queue-reporthold", "Temps d'attente"),
            .human("queue-reporthold", "Hold time")),
        Phrase(
            "queue-thank-you", .queue,
            .human("queue-thankyou", "Merci de votre patience."),
            .human("queue-thankyou", "Thank you for your patience.")),
        Phrase(
            "queue-all-busy", .queue,
            .human(
                "queue-periodic-announce",
                """
                Tous nos représentants sont présentement occupés. Veuillez demeurer en ligne et le prochain représentant \
                disponible vous répondra sous peu.
                """),
            .human(
                "queue-periodic-announce",
                """
                All of our representatives are currently busy. Please stay on the line and your call will be answered by \
                the next available representative.
                """)),
        Phrase(
            "queue-no-agents", .queue,
            .spoken("Aucun conseiller n'est disponible pour prendre votre appel."),
            .spoken("No representative is available to take your call.")),
        Phrase(
            "queue-full", .queue,
            .spoken("Trop de personnes attendent déjà. Veuillez rappeler plus tard."),
            .spoken("Too many callers are already waiting. Please call again later.")),
        Phrase(
            "queue-leave-message", .queue,
            .spoken("Pour laisser un message sans attendre, appuyez sur 1."),
            .spoken("To leave a message without waiting, press 1.")),
        Phrase(
            "queue-call-back", .queue,
            .spoken("Pour être rappelé sans perdre votre place, appuyez sur 2."),
            .spoken("To be called back without losing your place, press 2.")),
        Phrase(
            "queue-call-back-noted", .queue,
            .spoken("Votre demande est enregistrée. Nous vous rappellerons. Au revoir."),
            .spoken("Your request has been noted. We will call you back. Goodbye.")),
        Phrase(
            "queue-agent-number", .queue,
            .human("agent-user", "Ouverture de session. Entrez votre numéro d'agent, suivi du dièse."),
            .human("agent-user", "Agent login. Please enter your agent number followed by the pound key.")),
        Phrase(
            "queue-agent-incorrect", .queue,
            .human(
                "agent-incorrect",
                "Échec à l'ouverture de session. Veuillez recomposer votre numéro d'agent, suivi du dièse."),
            .human("agent-incorrect", "Login incorrect. Please enter your agent number followed by the pound key.")),
        Phrase(
            "queue-agent-already", .queue,
            .human(
                "agent-alreadyon", "Cet agent est présentement en ligne. Composez votre numéro d'agent, suivi du dièse."
            ),
            .human(
                "agent-alreadyon",
                "That agent is already logged on. Please enter your agent number followed by the pound key.")),
        Phrase(
            "queue-agent-logged-in", .queue,
            .human("agent-loginok", "Vous êtes maintenant en ligne."),
            .human("agent-loginok", "Agent logged in.")),
        Phrase(
            "queue-agent-logged-off", .queue,
            .human("agent-loggedoff", "Vous n'êtes plus en ligne."),
            .human("agent-loggedoff", "Agent logged off.")),
        Phrase(
            "queue-agent-paused", .queue,
            .spoken("Vous êtes en pause."),
            .spoken("You are paused.")),
        Phrase(
            "queue-agent-resumed", .queue,
            .spoken("Votre pause est terminée."),
            .spoken("Your pause has ended.")),
    ]
}
