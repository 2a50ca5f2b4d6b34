internal import ContentModel
internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// Decides which refusals become records of the audit log, so that a flood of them cannot fill the disk.
///
/// Who proved no key: the first of an address and code within a minute is a record at once; those that follow are
/// counted, and are one more record when the minute is over. Who proved one: the same for each request of each run, so
/// that nothing that was refused for a reason of its own is missing. Once too many have been refused in a minute, all
/// others are counted together, those with a key apart from those without.
final class RefusalTally: Sendable {
    private struct Refused: Hashable {
        var principal: Principal
        var code: ErrorCode
        /// Of somebody known: what was asked for.
        var request: String?
        var run: String?

        var isKnown: Bool { principal.id != nil }

        /// Everybody else, once there are too many.
        var others: Refused {
            Refused(principal: Principal(), code: code, request: isKnown ? "from many who have a key" : nil)
        }

        func entry(_ note: String, _ counts: [String: Int] = [:]) -> AuditEntry {
            AuditEntry(.refuse, by: principal, run: run, failure: code, note: note, counts: counts)
        }
    }

    private struct Minute {
        var number: Int64 = 0
        /// How often each was refused after its first time.
        var repetitions: [Refused: Int] = [:]
        /// How many of them are known, and how many are not.
        var known = 0
        var unknown = 0

        mutating func end() -> [AuditEntry] {
            let entries = repetitions.filter { $0.value > 0 }.map { refused, count in
                refused.entry(
                    (refused.request.map { "\($0): " } ?? "") + "more within a minute", ["requests": count])
            }
            (repetitions, known, unknown) = ([:], 0, 0)
            return entries
        }

        /// Under whom it is counted.
        func place(of refused: Refused) -> Refused {
            let isFull =
                refused.isKnown ? known >= Limits.auditedRefusalsOfKnown : unknown >= Limits.auditedRefusals
            return isFull && repetitions[refused] == nil ? refused.others : refused
        }

        /// Answers whether it is the first.
        mutating func count(_ refused: Refused) -> Bool {
            if let count = repetitions[refused] {
                repetitions[refused] = count + 1
                return false
            }
            repetitions[refused] = 0
            if refused.isKnown { known += 1 } else if refused.request == nil { unknown += 1 }
            return true
        }
    }

    private let clock: any WallClock
    private let minute = Mutex(Minute())

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// Counts a refusal, and answers what is to be written down now. `note`: what was asked for.
    func note(_ code: ErrorCode, of principal: Principal, run: String? = nil, note: String) -> [AuditEntry] {
        let now = clock.seconds / 60
        return minute.withLock { minute in
            var entries = minute.number == now ? [] : minute.end()
            minute.number = now
            let isKnown = principal.id != nil
            let asked = Refused(
                principal: principal, code: code, request: isKnown ? note : nil, run: isKnown ? run : nil)
            let place = minute.place(of: asked)
            if minute.count(place) {
                entries.append(place.entry(place == asked ? note : place.request ?? "from many addresses"))
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
