import ContentModel
import SyncProtocol

extension Torture {
    /// What happened, for whoever reads the output of `scripts/torture`.
    struct Tally {
        var rounds = 0
        var killedSources = 0
        var killedDestinations = 0
        /// Kills before the first batch was on its way, meanwhile, and after the last one.
        var moments = [0, 0, 0]
        /// Pushes that were killed and yet had been committed.
        var committed = 0
        /// Pushes that found their restarted server by themselves.
        var survived = 0
        /// Batches that later pushes took over instead of sending them again.
        var resumed = 0
        /// Pushes that gave up, most of them before their server was back.
        var gaveUp = 0
        /// Reads while pushes were killed that showed the old state, and those that showed the new one.
        var sawOld = 0
        var sawNew = 0
        var worst: RoundTraffic?
        var times: [Duration] = []
        /// Bytes of both instances' files after each round.
        var disk: [Int] = []
        var kills: Int { killedSources + killedDestinations }
    }

    /// What travelled in one round.
    struct RoundTraffic {
        var round: Int
        var kills: Int
        /// Pushes that gave up after the destination was killed.
        var gaveUp: Int
        var bytes: Int
        var most: Int
        /// Sendings of batches beyond the first of each, also those that a kill cut short.
        var repeated: Int

        /// How many bytes more would have been too many.
        var room: Int { most - bytes }
    }
}

extension Torture.Tally {
    /// Keeps the round that came closest to what may travel.
    mutating func note(_ traffic: Torture.RoundTraffic) {
        if let worst, worst.room <= traffic.room { return }
        worst = traffic
    }
}

extension Torture.Tally: CustomStringConvertible {
    var description: String {
        """
        \(rounds) rounds with \(kills) kills, \(killedSources) of the source and \(killedDestinations) of the \
        destination
          before the first batch \(moments[0]), while sending \(moments[1]), after the last batch \(moments[2])
          \(committed) killed pushes had been committed, \(survived) found the restarted server themselves, \
        \(gaveUp) gave up; \(resumed) batches were taken over and not sent again
          the destination was read \(sawOld + sawNew) times: \(sawOld) times it showed the old state, \(sawNew) times \
        the new one
          \(worst.map { "\($0)" } ?? "nothing travelled")
          \(course)
        """
    }

    /// What earlier rounds left would show here: in the time that later ones take, and on the disk.
    private var course: String {
        let (first, last) = (times.prefix(10), times.suffix(10))
        return """
            a round took \(Self.seconds(first)) s at first and \(Self.seconds(last)) s at last; the files of both \
            sides had \(Self.size(disk.first)) after the first round, \(Self.size(disk.max())) at most, \
            \(Self.size(disk.last)) after the last
            """
    }

    private static func size(_ bytes: Int?) -> String { ByteText.of(Int64(bytes ?? 0)) }

    /// The mean of them.
    private static func seconds(_ times: some Collection<Duration>) -> String {
        let sum = times.reduce(.zero, +) / max(times.count, 1)
        return "\(Double(Int(sum / .milliseconds(100))) / 10)"
    }
}

extension Torture.RoundTraffic: CustomStringConvertible {
    var description: String {
        """
        in round \(round), the worst, \(bytes) bytes travelled with \(kills) kills and \(gaveUp) pushes that gave up, \
        of at most \(most); \(repeated) sendings of batches were repetitions, whole or cut \
        short, where \(Limits.window) are on their way at a time
        """
    }
}
