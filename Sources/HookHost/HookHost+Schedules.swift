internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
public import SyncEngine

extension HookHost {
    /// Runs handlers of `app.every` and `app.cron` when they are due, until the task is cancelled.
    ///
    /// For a process that serves. Where several serve one instance, `claims` lets each time be one process's. What
    /// was due while nobody served is not made up for.
    public func runSchedules(_ claims: any ScheduleClaims) async {
        var last = services.clock.seconds
        while !Task.isCancelled {
            guard (try? await services.clock.sleep(for: .seconds(1))) != nil else { return }
            let now = services.clock.seconds
            guard let generation = try? await current() else { continue }
            await withTaskGroup(of: Void.self) { group in
                for (handler, schedule) in generation.scheduled {
                    guard let due = schedule.next(after: last), due <= now else { continue }
                    group.addTask { await self.run(handler, due: due, of: generation, claims) }
                }
            }
            last = now
        }
    }

    private func run(_ handler: Handler, due: Int64, of generation: Generation, _ claims: any ScheduleClaims) async {
        do {
            guard try await claims.claim(schedule: "\(handler.trigger.label) \(handler.name)", due: due) else { return }
            let call = HandlerCall(
                handler: handler, arguments: [],
                context: LuaContext(
                    fields: [LuaField("event", .text(handler.trigger.label)), LuaField("due", .integer(due))]),
                limits: configuration.limits.limits(of: handler))
            _ = try await observerPool.withMachine(of: generation) { machine in try await machine.call(call) }
        } catch let error as LuaError {
            log.report("error", HookFailure(handler: handler, folder: generation.folder).failed(error).message)
        } catch {
            log.report("error", "Handler '\(handler.name)' of \(handler.trigger.label) could not run: \(error)")
        }
    }
}
