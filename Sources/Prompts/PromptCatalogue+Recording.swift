extension PromptCatalogue {
    /// Recording.
    static let recording: [Phrase] = [
        Phrase(
            "record-notice", .recording,
            .spoken("Cet appel est enregistré."),
            .spoken("This call is being recorded.")),
        Phrase(
            "record-notice-may", .recording,
            .spoken("Cet appel est susceptible d'être enregistré afin d'améliorer la qualité de nos services."),
            .spoken("This call may be recorded to improve the quality of our services.")),
        Phrase(
            "record-consent", .recording,
            .spoken("Si vous acceptez que cet appel soit enregistré, appuyez sur 1. Sinon, appuyez sur 2."),
            .spoken("If you agree to this call being recorded, press 1. Otherwise, press 2.")),
        Phrase(
            "record-started", .recording,
            .spoken("L'enregistrement commence."),
            .spoken("Recording has started.")),
        Phrase(
            "record-stopped", .recording,
            .spoken("L'enregistrement est arrêté."),
            .spoken("Recording has stopped.")),
        Phrase(
            "record-paused", .recording,
            .spoken("L'enregistrement est suspendu."),
            .spoken("Recording is paused.")),
    ]
}
