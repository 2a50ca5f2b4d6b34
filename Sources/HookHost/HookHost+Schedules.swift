internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
public import SyncEngine
internal import Synchronization

extension HookHost {
    /// Runs handlers of `app.every` and `app.cron` when they are due, until the task is cancelled.
    ///
    /// For a process that serves. Where several serve one instance, `claims` lets each time be one process's. What
    /// was due while nobody served is not made up for.
    public func runSchedules(_ claims: any ScheduleClaims) async {
        var last = services.clock.seconds
        let running = RunningHandlers()
        await withTaskGroup(of: Void.self) { group in
            while !Task.isCancelled {
                guard (try? await services.clock.sleep(for: .seconds(1))) != nil else { break }
                let now = services.clock.seconds
                for (handler, due, generation) in await due(after: last, until: now) {
                    // A handler that takes long holds up no other, and does not run beside itself.
                    guard running.begin(handler) else { continue }
                    group.addTask {
                        await self.run(handler, due: due, of: generation, claims)
                        running.end(handler)
                    }
                }
                last = now
            }
            group.cancelAll()
        }
    }

    private func due(after last: Int64, until now: Int64) async -> [(Handler, Int64, Generation)] {
        guard let generation = try? await current() else { return [] }
        return generation.scheduled.compactMap { handler, schedule in
            guard let due = schedule.next(after: last), due <= now else { return nil }
            return (handler, due, generation)
        }
    }

    private func run(_ handler: Handler, due: Int64, of generation: Generation, _ claims: any ScheduleClaims) async {
        do {
            guard try await claims.claim(schedule: "\(handler.trigger.label) \(handler.name)", due: due) else { return }
        } catch {
            return reportUnrun(handler, error)
        }
        let call = HandlerCall(
            handler: handler, arguments: [],
            context: LuaContext(
                fields: [LuaField("event", .text(handler.trigger.label)), LuaField("due", .integer(due))]),
            limits: configuration.limits.limits(of: handler))
        await runAlone(call, of: generation)
    }
}

/// Handlers that the clock started and that have not ended.
private final class RunningHandlers: Sendable {
    private let names = Mutex<Set<String>>([])

    /// False while it runs already.
    func begin(_ handler: Handler) -> Bool {
        names.withLock { $0.insert(RunningHandlers.name(handler)).inserted }
    }

    func end(_ handler: Handler) {
        names.withLock { _ = $0.remove(RunningHandlers.name(handler)) }
    }

    private static func name(_ handler: Handler) -> String { "\(handler.trigger.label) \(handler.name)" }
}
