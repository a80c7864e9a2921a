extension PromptCatalogue {
    /// Voicemail.
    static let voicemail: [Phrase] = [
        Phrase(
            "vm-welcome", .voicemail,
            .spoken("Bienvenue dans votre messagerie vocale."),
            .spoken("Welcome to your voicemail.")),
        Phrase(
            "vm-enter-mailbox", .voicemail,
            .spoken("Composez votre numéro de boîte vocale, suivi du dièse."),
            .spoken("Please enter your mailbox number, followed by the pound key.")),
        Phrase(
            "vm-which-mailbox", .voicemail,
            .human("vm-whichbox", "Pour laisser un message, entrez le numéro de la boîte vocale."),
            .human("vm-whichbox", "To leave a message, please enter a mailbox number.")),
        Phrase(
            "vm-password", .voicemail,
            .human("vm-password", "mot de passe"),
            .human("vm-password", "password")),
        Phrase(
            "vm-incorrect", .voicemail,
            .human("vm-incorrect", "Accès refusé."),
            .human("vm-incorrect", "Login incorrect.")),
        Phrase(
            "vm-incorrect-mailbox", .voicemail,
            .human("vm-incorrect-mailbox", "Accès refusé. Veuillez recomposer votre numéro de boîte vocale."),
            .human("vm-incorrect-mailbox", "Login incorrect. Mailbox?")),
        Phrase(
            "vm-intro", .voicemail,
            .human(
                "vm-intro",
                """
                Veuillez laisser votre message après le bip sonore. Lorsque vous aurez terminé, veuillez raccrocher ou \
                appuyer sur dièse.
                """),
            .human("vm-intro", "Please leave your message after the tone. When done, hang up or press the pound key.")),
        Phrase(
            "vm-announcement-only", .voicemail,
            .spoken("Cette boîte vocale ne prend pas de messages. Merci de rappeler plus tard."),
            .spoken("This mailbox takes no messages. Please call again later.")),
        Phrase(
            "vm-review", .voicemail,
            .human(
                "vm-review",
                """
                Pour accepter l'enregistrement appuyez sur 1, pour l'écouter, 2, pour réenregistrer, appuyez sur 3.
                """),
            .human(
                "vm-review",
                "Press 1 to accept this recording, press 2 to listen to it, press 3 to rerecord your message.")),
        Phrase(
            "vm-review-urgent", .voicemail,
            .human("vm-review-urgent", "Pour noter ce message d'urgent, veuillez faire le 4."),
            .human("vm-review-urgent", "Press 4 to mark this message as urgent.")),
        Phrase(
            "vm-review-not-urgent", .voicemail,
            .human("vm-review-nonurgent", "Pour enlever le statut urgent de ce message, veuillez faire le 4."),
            .human("vm-review-nonurgent", "Press 4 to remove the urgent status of this message.")),
        Phrase(
            "vm-marked-urgent", .voicemail,
            .human("vm-marked-urgent", "Ce message a été qualifié d'urgent."),
            .human("vm-marked-urgent", "Message marked urgent.")),
        Phrase(
            "vm-marked-not-urgent", .voicemail,
            .human("vm-marked-nonurgent", "Le statut d'urgent a été enlevé pour ce message."),
            .human("vm-marked-nonurgent", "Urgent status removed.")),
        Phrase(
            "vm-too-short", .voicemail,
            .human("vm-tooshort", "Votre message est trop court."),
            .human("vm-tooshort", "Your message is too short.")),
        Phrase(
            "vm-mailbox-full", .voicemail,
            .human("vm-mailboxfull", "Désolée, mais cette boîte vocale ne peut recevoir de nouveaux messages."),
            .human("vm-mailboxfull", "Sorry, but the user's mailbox can't accept more messages.")),
        Phrase(
            "vm-nearly-full", .voicemail,
            .spoken("Votre boîte vocale est presque pleine. Veuillez effacer des messages."),
            .spoken("Your mailbox is almost full. Please delete some messages.")),
        Phrase(
            "vm-message-saved", .voicemail,
            .human("vm-msgsaved", "Votre message a été sauvegardé."),
            .human("vm-msgsaved", "Your message has been saved.")),
        Phrase(
            "vm-you-have", .voicemail,
            .human("vm-youhave", "vous avez"),
            .human("vm-youhave", "you have")),
        Phrase(
            "vm-none", .voicemail,
            .spoken("Vous n'avez aucun message."),
            .spoken("You have no messages.")),
        Phrase(
            "vm-no", .voicemail,
            .human("vm-no", "aucun"),
            .human("vm-no", "no")),
        Phrase(
            "vm-new", .voicemail,
            .human("vm-INBOX", "nouveau"),
            .human("vm-INBOX", "new")),
        Phrase(
            "vm-old", .voicemail,
            .human("vm-Old", "ancien"),
            .human("vm-Old", "old")),
        Phrase(
            "vm-urgent", .voicemail,
            .human("vm-Urgent", "urgent"),
            .human("vm-Urgent", "urgent")),
        Phrase(
            "vm-message", .voicemail,
            .human("vm-message", "message"),
            .human("vm-message", "message")),
        Phrase(
            "vm-messages", .voicemail,
            .human("vm-messages", "messages"),
            .human("vm-messages", "messages")),
        Phrase(
            "vm-first", .voicemail,
            .human("vm-first", "premier"),
            .human("vm-first", "first")),
        Phrase(
            "vm-last", .voicemail,
            .human("vm-last", "dernier"),
            .human("vm-last", "last")),
        Phrase(
            "vm-received", .voicemail,
            .human("vm-received", "reçu"),
            .human("vm-received", "received")),
        Phrase(
            "vm-from-extension", .voicemail,
            .human("vm-from-extension", "du poste"),
            .human("vm-from-extension", "message from extension")),
        Phrase(
            "vm-from-number", .voicemail,
            .human("vm-from-phonenumber", "du numéro de téléphone"),
            .human("vm-from-phonenumber", "message from phone number")),
        Phrase(
            "vm-duration", .voicemail,
            .human("vm-duration", "Ce message dure"),
            .human("vm-duration", "This message lasts")),
        Phrase(
            "vm-no-more", .voicemail,
            .human("vm-nomore", "Aucun autre message."),
            .human("vm-nomore", "No more messages.")),
        Phrase(
            "vm-listen", .voicemail,
            .human(
                "vm-instructions",
                """
                Pour écouter vos messages, appuyez sur 1. Vous pouvez, en tout temps, quitter la messagerie vocale en \
                appuyant sur dièse.
                """),
            .human(
                "vm-instructions",
                """
                To look into your messages press 1 now. You may quit voicemail at any time by pressing the pound key.
                """)),
        Phrase(
            "vm-next", .voicemail,
            .human("vm-next", "Pour passer au message suivant, appuyez sur 6."),
            .human("vm-next", "Press 6 to play the next message.")),
        Phrase(
            "vm-previous", .voicemail,
            .human("vm-prev", "Pour le message précédent, appuyez sur 4."),
            .human("vm-prev", "Press 4 for the previous message.")),
        Phrase(
            "vm-repeat", .voicemail,
            .human("vm-repeat", "Pour réentendre ce message, appuyez sur 5."),
            .human("vm-repeat", "Press 5 to repeat the current message.")),
        Phrase(
            "vm-delete", .voicemail,
            .human("vm-delete", "Pour effacer ce message, appuyez sur 7."),
            .human("vm-delete", "Press 7 to delete this message.")),
        Phrase(
            "vm-deleted", .voicemail,
            .human("vm-deleted", "Message effacé."),
            .human("vm-deleted", "Message deleted.")),
        Phrase(
            "vm-undelete", .voicemail,
            .human("vm-undelete", "Pour récupérer ce message, appuyez sur 7."),
            .human("vm-undelete", "Press 7 to undelete this message.")),
        Phrase(
            "vm-undeleted", .voicemail,
            .human("vm-undeleted", "Message récupéré."),
            .human("vm-undeleted", "Message undeleted.")),
        Phrase(
            "vm-to-forward", .voicemail,
            .human("vm-toforward", "Pour transférer ce message à un autre utilisateur, appuyez sur 8."),
            .human("vm-toforward", "Press 8 to forward the message to another user.")),
        Phrase(
            "vm-to-save", .voicemail,
            .human("vm-savemessage", "ou pour conserver ce message, appuyez sur 9."),
            .human("vm-savemessage", "or 9 to save this message.")),
        Phrase(
            "vm-saved-to", .voicemail,
            .human("vm-savedto", "conservé dans"),
            .human("vm-savedto", "saved to")),
        Phrase(
            "vm-which-folder", .voicemail,
            .human("vm-savefolder", "Dans quel dossier souhaitez-vous conserver ce message ?"),
            .human("vm-savefolder", "Which folder should I save the message to?")),
        Phrase(
            "vm-forward-to", .voicemail,
            .human(
                "vm-forward",
                "Pour entrer un numéro de poste, appuyez sur 1, pour accéder au répertoire, appuyez sur 2."),
            .human("vm-forward", "Press 1 to enter an extension, press 2 to use the directory.")),
        Phrase(
            "vm-forward-note", .voicemail,
            .human(
                "vm-forwardoptions",
                """
                Pour ajouter une note au message avant de le transmettre, appuyez sur 1, pour transmettre le message tel \
                quel, appuyez sur 2.
                """),
            .human("vm-forwardoptions", "Press 1 to prepend a message or 2 to forward the message without prepending.")),
        Phrase(
            "vm-forward-more", .voicemail,
            .human(
                "vm-forward-multiple",
                "Pour envoyer ce message, appuyez sur 1. Pour ajouter un autre destinataire, appuyez sur 2."),
            .human("vm-forward-multiple", "Press 1 to send this message, or 2 to add another recipient.")),
        Phrase(
            "vm-record-note", .voicemail,
            .spoken("Après le bip, enregistrez votre note, puis appuyez sur dièse."),
            .human(
                "vm-record-prepend",
                """
                At the tone, please record an introduction to the forwarded message. When done, press the pound sign.
                """)),
        Phrase(
            "vm-forwarded", .voicemail,
            .human("vm-msgforwarded", "Votre message a été acheminé."),
            .human("vm-msgforwarded", "Your message has been successfully forwarded.")),
        Phrase(
            "vm-to-reply", .voicemail,
            .human("vm-toreply", "Pour répondre, appuyez sur 1."),
            .human("vm-toreply", "Press 1 to send a reply.")),
        Phrase(
            "vm-to-call-back", .voicemail,
            .human("vm-tocallback", "Pour joindre la personne qui a envoyé ce message, appuyez sur 2."),
            .human("vm-tocallback", "Press 2 to call the person who sent this message.")),
        Phrase(
            "vm-to-hear-envelope", .voicemail,
            .human("vm-tohearenv", "Pour entendre l'enveloppe du message, appuyez sur 3."),
            .human("vm-tohearenv", "Press 3 to hear the message envelope.")),
        Phrase(
            "vm-advanced", .voicemail,
            .human("vm-advopts", "Pour les options avancées, appuyez sur 3."),
            .human("vm-advopts", "Press 3 for advanced options.")),
        Phrase(
            "vm-no-sender-mailbox", .voicemail,
            .human("vm-nobox", "Vous ne pouvez répondre à ce message car l'expéditeur ne possède pas de boîte vocale."),
            .human("vm-nobox", "You cannot reply to this message because the sender does not have a mailbox.")),
        Phrase(
            "vm-sender-unknown", .voicemail,
            .human("vm-nonumber", "Désolée, ce numéro m'est inconnu."),
            .human("vm-nonumber", "I'm afraid I don't know who sent this message.")),
        Phrase(
            "vm-connecting", .voicemail,
            .human("vm-dialout", "Veuillez patienter pendant que j'établis la connexion."),
            .human("vm-dialout", "Please wait while I connect your call.")),
        Phrase(
            "vm-enter-number", .voicemail,
            .human("vm-enter-num-to-call", "Entrez le numéro que vous désirez appeler."),
            .human("vm-enter-num-to-call", "Please enter the number you wish to call.")),
        Phrase(
            "vm-greetings-menu", .voicemail,
            .human(
                "vm-options",
                """
                Pour enregistrer : votre message de non-disponibilité, appuyez sur 1, votre message occupé, 2, votre nom, \
                3, votre message temporaire, 4. Pour changer votre mot de passe, appuyez sur 5. Pour retourner au menu \
                principal, appuyez sur étoile.
                """),
            .human(
                "vm-options",
                """
                Press 1 to record your unavailable message, press 2 to record your busy message, press 3 to record your \
                name, press 4 to record your temporary greeting, press 5 to change your password, press star to return to \
                the main menu.
                """)),
        Phrase(
            "vm-record-unavailable", .voicemail,
            .human(
                "vm-rec-unv",
                """
                Après le timbre sonore, enregistrez votre message indiquant que vous n'êtes pas disponible et appuyez sur \
                dièse.
                """),
            .human("vm-rec-unv", "After the tone say your unavailable message and then press the pound key.")),
        Phrase(
            "vm-record-busy", .voicemail,
            .human(
                "vm-rec-busy",
                """
                Après le bip sonore, enregistrez votre message indiquant que vous êtes occupé et appuyez sur dièse.
                """),
            .human("vm-rec-busy", "After the tone say your busy message and then press the pound key.")),
        Phrase(
            "vm-record-name", .voicemail,
            .human("vm-rec-name", "Après le timbre sonore, dites votre nom et appuyez sur dièse."),
            .human("vm-rec-name", "After the tone say your name and then press the pound key.")),
        Phrase(
            "vm-record-temporary", .voicemail,
            .human("vm-rec-temp", "Après le bip, enregistrez votre message temporaire, puis appuyez sur dièse."),
            .human("vm-rec-temp", "After the tone, say your temporary message, and then press the pound key.")),
        Phrase(
            "vm-temporary-active", .voicemail,
            .human("vm-tempgreetactive", "Votre message temporaire est actuellement en fonction."),
            .human("vm-tempgreetactive", "Your temporary greeting is currently active.")),
        Phrase(
            "vm-temporary-removed", .voicemail,
            .human("vm-tempremoved", "Votre message d'accueil temporaire a été supprimé."),
            .human("vm-tempremoved", "Your temporary greeting has been removed.")),
        Phrase(
            "vm-new-password", .voicemail,
            .human("vm-newpassword", "Veuillez composer votre nouveau mot de passe, suivi du dièse."),
            .human("vm-newpassword", "Please enter your new password followed by the pound key.")),
        Phrase(
            "vm-reenter-password", .voicemail,
            .human("vm-reenterpassword", "Composez votre mot de passe de nouveau, suivi du dièse."),
            .human("vm-reenterpassword", "Please re-enter your password followed by the pound key.")),
        Phrase(
            "vm-password-mismatch", .voicemail,
            .human(
                "vm-mismatch",
                "Les mots de passe que vous avez entrés ne correspondent pas. Veuillez essayer de nouveau."),
            .human("vm-mismatch", "The passwords you entered and re-entered did not match. Please try again.")),
        Phrase(
            "vm-password-changed", .voicemail,
            .human("vm-passchanged", "Votre mot de passe a été changé."),
            .human("vm-passchanged", "Your passwords have been changed.")),
        Phrase(
            "vm-password-invalid", .voicemail,
            .human("vm-invalidpassword", "Ceci n'est pas un mot de passe valide. Veuillez essayer de nouveau."),
            .human("vm-invalidpassword", "That is not a valid password. Please try again.")),
    ]
}
