/// A piece of what is said; pieces are played without a gap.
public enum PhrasePart: Hashable, Sendable {
    case prompt(PromptID)
    case pause(Duration)
}

/// The gender of what is counted, which French numbers follow.
public enum Gender: Hashable, Sendable { case masculine, feminine }
