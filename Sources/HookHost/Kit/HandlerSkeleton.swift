public import HookCatalog

/// Writes a file with a handler to begin with.
public struct HandlerSkeleton: Sendable {
    private let event: EventName
    /// What the handler is called, and its file.
    public let name: String

    /// Without a name, the handler is called after its event.
    public init(_ event: EventName, name: String? = nil) {
        self.event = event
        self.name = name ?? event.rawValue.replacing(".", with: "-")
    }

    /// The text of the file, which loads as it is and does nothing yet.
    public var text: String {
        let declaration = event.declaration
        let arguments = (declaration.arguments.map(\.name) + ["ctx"]).joined(separator: ", ")
        let lines =
            ["--- \(declaration.summary)", "---", "--- Runs \(declaration.place.summary). It is called with:"]
            + declaration.arguments.map { comment($0.name, $0) }
            + declaration.fields.map { comment("ctx.\($0.name)", $0) }
            + declaration.methods.map { method in
                "---   ctx.\(method.name)(\(method.parameters.map(\.name).joined(separator: ", "))): \(method.summary)"
            }
            + ["--- Options: \(declaration.options.map(\.rawValue).joined(separator: ", "))."]
            + ["app.on(\"\(event.rawValue)\", function(\(arguments))"] + body.map { $0.isEmpty ? "" : "  \($0)" }
            + ["end, { name = \"\(name)\" })"]
        return lines.joined(separator: "\n") + "\n"
    }

    private func comment(_ name: String, _ value: ValueDeclaration) -> String {
        "---   \(name): \(value.summary)\(value.isOptional ? "; may be nil" : "")"
    }

    /// A line of what such handlers do, as a comment.
    private var body: [String] {
        switch event.declaration.eventClass {
        case .gate: ["-- if … then ctx.deny(\"why\") end"]
        case .decision: ["-- ctx.resolve(\"source\")"]
        case .observer: ["-- app.log(\"what happened\")"]
        case .filter where event == .itemSaveBefore: ["-- item.title = …"]
        case .filter: ["for _, item in ipairs(items) do", "  -- item.title = …", "end"]
        }
    }
}
