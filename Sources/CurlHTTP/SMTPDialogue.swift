/// What a mail server has said so far, and therefore what it is about to say. Pure.
///
/// The replies to the envelope come in a fixed order: the sender, each recipient, `DATA`, the mail itself.
struct SMTPDialogue: Sendable, Equatable {
    /// What the last reply was about, or what the next one will be about.
    enum Step: Sendable, Equatable {
        case greeting, login, sender
        case recipient(Int)
        case data, content, farewell
    }

    struct Reply: Sendable, Equatable {
        var code: Int
        /// The last line of it, fit for a message.
        var text: String

        /// 4xx and 5xx of RFC 5321, 4.2.1.
        var isRefusal: Bool { code >= 400 }
    }

    private let recipientCount: Int
    private let limit: Int
    private var byteCount = 0
    private var opening: [Reply] = []
    private var envelope: [Reply] = []
    /// Whether the server let us in; before that, the time to connect counts.
    private(set) var isAtEnvelope = false

    init(recipientCount: Int, limit: Int) {
        self.recipientCount = recipientCount
        self.limit = limit
    }

    /// The connection is ready for a mail: replies from now on are to its envelope.
    mutating func beginEnvelope() {
        isAtEnvelope = true
    }

    /// Takes one line of a reply. Returns `false` when the server says more than anybody listens to.
    mutating func take(_ line: some Collection<UInt8>) -> Bool {
        byteCount += line.count
        guard byteCount <= limit else { return false }
        guard let reply = Reply(line) else { return true }
        if isAtEnvelope { envelope.append(reply) } else { opening.append(reply) }
        return true
    }

    /// What is waited for.
    var next: Step {
        guard isAtEnvelope else { return opening.isEmpty ? .greeting : .login }
        return step(envelope.count)
    }

    /// Whether the server has agreed to take the mail itself, and did not refuse it afterwards.
    var mayHaveTakenMail: Bool {
        envelope.count >= recipientCount + 2 && refusal == nil
    }

    /// Nothing more will come that matters: the mail was taken, or a part of its envelope refused.
    var isDecided: Bool { next == .farewell || refusal != nil }

    /// The first part of the envelope that was refused.
    var refusal: (step: Step, reply: Reply)? {
        guard let position = envelope.firstIndex(where: \.isRefusal), step(position) != .farewell else { return nil }
        return (step(position), envelope[position])
    }

    /// The last reply before the envelope: the greeting, or the answer to a login.
    var lastOpening: Reply? { opening.last }

    /// Whether the server turned us away instead of greeting.
    var isTurnedAway: Bool { opening.count == 1 && opening[0].isRefusal }

    private func step(_ position: Int) -> Step {
        switch position {
        case 0: .sender
        case 1...recipientCount: .recipient(position - 1)
        case recipientCount + 1: .data
        case recipientCount + 2: .content
        default: .farewell
        }
    }
}

extension SMTPDialogue.Reply {
    private static let longestText = 200

    /// `nil` for a line that is not the last one of a reply: `250-SIZE` goes on, `250 SIZE` and `250` do not.
    init?(_ line: some Collection<UInt8>) {
        let digits = line.prefix(3)
        guard digits.count == 3, let code = Int(String(decoding: digits, as: UTF8.self)), code >= 100 else {
            return nil
        }
        let rest = line.dropFirst(3)
        if let mark = rest.first, mark == UInt8(ascii: "-") { return nil }
        self.init(code: code, text: Self.printable(rest))
    }

    /// The server chose these words, so they must not break a line of the log.
    private static func printable(_ bytes: some Collection<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for scalar in String(decoding: bytes.prefix(longestText), as: UTF8.self).unicodeScalars where !scalar.isControl
        {
            if text.isEmpty, scalar == " " { continue }
            text.append(scalar)
        }
        return String(text)
    }
}

extension SMTPDialogue.Step {
    /// Completes "timed out while …".
    var activity: String {
        switch self {
        case .greeting: "waiting for the server's greeting"
        case .login: "logging in"
        case .sender: "naming the sender"
        case .recipient: "naming the recipients"
        case .data, .content: "handing over the mail"
        case .farewell: "saying goodbye"
        }
    }
}
