internal import ContentModel
internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// Decides which refusals become records of the audit log, so that a flood of them cannot fill the disk.
///
/// The first of a caller and code within a minute is a record at once; those that follow are counted, and are one more
/// record when the minute is over. Once too many callers have been refused in a minute, all others are counted together.
final class RefusalTally: Sendable {
    private struct Refused: Hashable {
        var principal: Principal
        var code: ErrorCode
    }

    private struct Minute {
        var number: Int64 = 0
        /// How often each was refused after its first time.
        var repetitions: [Refused: Int] = [:]

        mutating func end() -> [AuditEntry] {
            let entries = repetitions.filter { $0.value > 0 }.map { refused, count in
                AuditEntry(
                    .refuse, by: refused.principal, failure: refused.code, note: "more within a minute",
                    counts: ["requests": count])
            }
            repetitions = [:]
            return entries
        }
    }

    private let clock: any WallClock
    private let minute = Mutex(Minute())

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// Counts a refusal, and answers what is to be written down now. `note`: what was asked for.
    func note(_ code: ErrorCode, of principal: Principal, note: String) -> [AuditEntry] {
        let now = clock.seconds / 60
        return minute.withLock { minute in
            var entries = minute.number == now ? [] : minute.end()
            minute.number = now
            var refused = Refused(principal: principal, code: code)
            if minute.repetitions[refused] == nil, minute.repetitions.count >= Limits.auditedRefusals {
                refused.principal = Principal()
            }
            if let count = minute.repetitions[refused] {
                minute.repetitions[refused] = count + 1
            } else {
                minute.repetitions[refused] = 0
                let isOne = refused.principal == principal
                entries.append(
                    AuditEntry(
                        .refuse, by: refused.principal, failure: code, note: isOne ? note : "from many addresses"))
            }
            return entries
        }
    }

    /// What was counted, once its minute is over, or at once when the server ends.
    func flush(isEnd: Bool = false) -> [AuditEntry] {
        let now = clock.seconds / 60
        return minute.withLock { minute in isEnd || minute.number != now ? minute.end() : [] }
    }
}
