extension PromptCatalogue {
    /// Tests.
    static let tests: [Phrase] = [
        Phrase(
            "echo-start", .tests,
            .human(
                "demo-echotest",
                """
                Vous êtes sur le point d'entreprendre un test d'écho. Dans ce mode, tout ce que vous direz vous sera \
                répété dès que reçu. Le but de ce test est de vous donner un exemple audible de la latence entre vous et \
                la machine qui exécute l'application de test d'écho. Vous pourrez quitter le test en raccrochant ou en \
                appuyant sur dièse.
                """),
            .human(
                "demo-echotest",
                """
                You are about to enter an echo test. In this mode everything you say will be repeated back to you just as \
                soon as it is received. The purpose of this test is to give you an audible sense of the latency between \
                you and the machine that is running the echo test application. You may end the test by hanging up or by \
                pressing the pound key.
                """)),
        Phrase(
            "echo-done", .tests,
            .human("demo-echodone", "Le test d'écho est maintenant terminé."),
            .human("demo-echodone", "The echo test has been completed.")),
        Phrase(
            "test-call", .tests,
            .spoken("Ceci est un appel de test."),
            .spoken("This is a test call.")),
        Phrase(
            "test-no-audio", .tests,
            .spoken("Nous ne vous entendons pas. Veuillez vérifier votre microphone."),
            .spoken("We cannot hear you. Please check your microphone.")),
    ]
}
