internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookCatalog
internal import HookHost
internal import SyncEngine

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "List events that observers gave up on; tell them again, or forget them.")

    @Option(help: ArgumentHelp("Tell the handler again, now.", valueName: "number|all")) var replay: Choice?
    @Option(help: ArgumentHelp("Give up for good.", valueName: "number|all")) var forget: Choice?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    /// One event, or every one.
    enum Choice: ExpressibleByArgument {
        case all
        case one(Int64)

        init?(argument: String) {
            if argument == "all" {
                self = .all
            } else if let number = Int64(argument) {
                self = .one(number)
            } else {
                return nil
            }
        }

        var number: Int64? { if case .one(let number) = self { number } else { nil } }
    }

    func validate() throws {
        if replay != nil, forget != nil { throw ValidationError("Say either --replay or --forget.") }
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        if let replay { return try await Replay(instance: instance, json: output.json).run(replay) }
        if let forget { return try await giveUp(forget, in: instance) }
        let dead = try await instance.store.deadDeliveries()
        if output.json { return try Output.json(dead) }
        guard !dead.isEmpty else { return try Output.line("no dead events") }
        try Output.table(
            [["NUMBER", "EVENT", "HANDLER", "RUN", "ATTEMPTS", "SINCE", "LAST FAILURE"]]
                + dead.map {
                    [
                        String($0.number), $0.event, $0.handler, $0.run, String($0.attempts), moment($0.since),
                        ($0.failure ?? "-").printable,
                    ]
                })
    }

    private func giveUp(_ choice: Choice, in instance: Instance) async throws {
        let dead = try await instance.store.deadDeliveries(number: choice.number)
        try await instance.store.forget(dead)
        try dead.map { Outcome($0, .forgotten) }.print(asJSON: output.json)
    }
}

/// What became of an event that was dead.
private struct Outcome: Encodable {
    enum State: String, Encodable {
        case forgotten, delivered, failed
        /// Another process is telling its handlers.
        case waiting
    }

    var number: Int64
    var event: String
    var handler: String
    var state: State
    var failure: String?

    init(_ dead: DeadDelivery, _ state: State, failure: String? = nil) {
        number = dead.number
        event = dead.event
        handler = dead.handler
        self.state = state
        self.failure = failure
    }
}

extension [Outcome] {
    fileprivate func print(asJSON json: Bool) throws {
        if json { return try Output.json(self) }
        guard !isEmpty else { return try Output.line("no dead events") }
        for outcome in self {
            let reason = outcome.failure.map { ": \($0)" } ?? ""
            try Output.line(
                "\(outcome.state.rawValue) \(outcome.number) \(outcome.event) to \(outcome.handler)\(reason)")
        }
    }
}

/// Tells handlers again what they gave up on.
private struct Replay {
    let instance: Instance
    let json: Bool

    /// Ends with the exit status of `hook_failed` when a handler failed again; it is then tried again as any other.
    func run(_ choice: DeadCommand.Choice) async throws {
        let dead = try await instance.store.deadDeliveries(number: choice.number)
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        try await requireHandlers(of: dead, hooks)
        try await instance.store.replay(dead)
        await EventDelivery(instance: instance, hooks: hooks).deliverDue()
        await hooks.drain()
        let outcomes = try await outcomes(of: dead)
        try outcomes.print(asJSON: json)
        if outcomes.contains(where: { $0.state == .failed }) { throw ExitCode(ErrorCode.hookFailed.traits.exitStatus) }
        if outcomes.contains(where: { $0.state == .waiting }) {
            throw ExitCode(ErrorCode.runInProgress.traits.exitStatus)
        }
    }

    /// An event whose handler is gone would be dropped without a word.
    private func requireHandlers(of dead: [DeadDelivery], _ hooks: HookHost) async throws {
        for delivery in dead {
            guard let event = EventName(rawValue: delivery.event) else { continue }
            guard try await !hooks.handlers(of: event).contains(delivery.handler) else { continue }
            throw TidelockError(
                .notFound,
                "Event \(delivery.number) cannot be told again: no handler '\(delivery.handler.printable)' of \(delivery.event) is registered.",
                hint: "Register it again under that name, or run 'tidelock hooks dead --forget \(delivery.number)'.")
        }
    }

    private func outcomes(of dead: [DeadDelivery]) async throws -> [Outcome] {
        let unsettled = try await instance.store.unsettled(dead)
        return dead.map { delivery in
            guard let failure = unsettled[delivery.number] else { return Outcome(delivery, .delivered) }
            return Outcome(delivery, failure == nil ? .waiting : .failed, failure: failure)
        }
    }
}
