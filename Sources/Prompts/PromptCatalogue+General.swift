extension PromptCatalogue {
    /// General.
    static let general: [Phrase] = [
        Phrase(
            "hello", .general,
            .human("hello", "Allô."),
            .human("hello", "Hello.")),
        Phrase(
            "goodbye", .general,
            .human("vm-goodbye", "Au revoir."),
            .human("vm-goodbye", "Goodbye.")),
        Phrase(
            "thank-you", .general,
            .human("auth-thankyou", "Merci."),
            .human("auth-thankyou", "Thank you.")),
        Phrase(
            "sorry", .general,
            .human("im-sorry", "Je suis désolée."),
            .human("im-sorry", "I'm sorry.")),
        Phrase(
            "please-try-again", .general,
            .human("vm-pls-try-again", "Veuillez essayer de nouveau."),
            .human("vm-pls-try-again", "Please try again.")),
        Phrase(
            "please-try-later", .general,
            .human("please-try-call-later", "Veuillez réessayer plus tard."),
            .human("please-try-call-later", "Please try your call again later.")),
        Phrase(
            "one-moment", .general,
            .human("one-moment-please", "Un moment, s'il vous plaît."),
            .human("one-moment-please", "One moment, please.")),
        Phrase(
            "please-hold", .general,
            .human("pls-hold-while-try", "Veuillez patienter pendant que l'on achemine votre appel."),
            .human("pls-hold-while-try", "Please hold while we try to connect you.")),
        Phrase(
            "transferring", .general,
            .human("transfer", "Veuillez patienter pendant que je tente d'établir la connexion."),
            .human("transfer", "Please hold while I try that extension.")),
        Phrase(
            "press", .general,
            .human("vm-press", "appuyez sur"),
            .human("vm-press", "press")),
        Phrase(
            "for", .general,
            .human("vm-for", "pour"),
            .human("vm-for", "for")),
        Phrase(
            "from", .general,
            .human("vm-from", "de"),
            .human("vm-from", "from")),
        Phrase(
            "extension", .general,
            .human("vm-extension", "poste"),
            .human("vm-extension", "extension")),
        Phrase(
            "phone-number", .general,
            .human("telephone-number", "numéro de téléphone"),
            .human("telephone-number", "telephone number")),
        Phrase(
            "unknown-caller", .general,
            .human("vm-unknown-caller", "d'un appelant inconnu"),
            .human("vm-unknown-caller", "from an unknown caller")),
        Phrase(
            "you-entered", .general,
            .human("you-entered", "Vous avez entré"),
            .human("you-entered", "You entered")),
        Phrase(
            "if-correct-press", .general,
            .human("if-correct-press", "Si c'est exact, appuyez sur"),
            .human("if-correct-press", "If this is correct, press")),
        Phrase(
            "then-pound", .general,
            .human("vm-then-pound", "ensuite, appuyez sur dièse"),
            .human("vm-then-pound", "then press pound")),
        Phrase(
            "followed-by-pound", .general,
            .human("astcc-followed-by-the-pound-key", "suivi du dièse"),
            .human("astcc-followed-by-the-pound-key", "followed by the pound key")),
        Phrase(
            "star-to-cancel", .general,
            .human("vm-star-cancel", "Pour annuler, appuyez sur étoile."),
            .human("vm-star-cancel", "Press star to cancel.")),
        Phrase(
            "star-for-main-menu", .general,
            .human("vm-starmain", "Pour retourner au menu principal, appuyez sur étoile."),
            .human("vm-starmain", "Press star to return to the main menu.")),
        Phrase(
            "help-or-exit", .general,
            .human("vm-helpexit", "Pour l'aide, appuyez sur étoile ; pour quitter, appuyez sur dièse."),
            .human("vm-helpexit", "Press star for help or pound to exit.")),
        Phrase(
            "invalid-choice", .general,
            .human("pm-invalid-option", "Cette option est invalide, veuillez essayer à nouveau."),
            .human("pm-invalid-option", "That option is invalid. Please try again.")),
        Phrase(
            "not-understood", .general,
            .human("vm-sorry", "Désolée, je n'ai pas bien compris votre réponse."),
            .human("vm-sorry", "I'm sorry, I did not understand your response.")),
        Phrase(
            "no-input", .general,
            .spoken("Nous n'avons pas reçu de réponse de votre part."),
            .spoken("We did not receive a response.")),
        Phrase(
            "enter-password", .general,
            .human("agent-pass", "Composez votre mot de passe, suivi du dièse."),
            .human("agent-pass", "Please enter your password, followed by the pound key.")),
        Phrase(
            "password-incorrect", .general,
            .human("auth-incorrect", "Échec à l'ouverture de session. Composez votre mot de passe, suivi du dièse."),
            .human("auth-incorrect", "Password incorrect. Please enter your password, followed by the pound key.")),
        Phrase(
            "enter-phone-number", .general,
            .human(
                "privacy-prompt", "Veuillez entrer votre numéro de téléphone en commençant par l'indicatif régional."),
            .human("privacy-prompt", "Please enter your phone number, starting with the area code.")),
        Phrase(
            "number-not-valid", .general,
            .human("privacy-incorrect", "Désolée, ce numéro n'est pas valide."),
            .human("privacy-incorrect", "I'm sorry, that number is not valid.")),
        Phrase(
            "say-your-name", .general,
            .human("priv-recordintro", "À la tonalité, veuillez dire votre nom."),
            .human("priv-recordintro", "At the tone, please say your name.")),
    ]
}
