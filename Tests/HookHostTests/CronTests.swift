import Foundation
import Testing

@testable import HookHost

@Suite struct CronTests {
    /// 2026-02-27 22:58:30, a Friday.
    private let friday = Date.utc("2026-02-27 22:58") + 30

    private static let expected: [(String, [String])] = [
        ("* * * * *", ["2026-02-27 22:59", "2026-02-27 23:00"]),
        ("0 3 * * *", ["2026-02-28 03:00", "2026-03-01 03:00"]),
        ("*/20 23 * * *", ["2026-02-27 23:00", "2026-02-27 23:20", "2026-02-27 23:40", "2026-02-28 23:00"]),
        ("30 6 1,15 * *", ["2026-03-01 06:30", "2026-03-15 06:30"]),
        ("0 0 29 feb *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("15 8 * * mon-fri", ["2026-03-02 08:15", "2026-03-03 08:15"]),
        ("0 12 * * 7", ["2026-03-01 12:00", "2026-03-08 12:00"]),
        // Both days restricted: either will do.
        ("0 0 13 * fri", ["2026-03-06 00:00", "2026-03-13 00:00", "2026-03-20 00:00"]),
        ("10-14/2 1 1 jan *", ["2027-01-01 01:10", "2027-01-01 01:12", "2027-01-01 01:14", "2028-01-01 01:10"]),
    ]

    @Test(arguments: CronTests.expected)
    func timesComeInOrder(expression: String, times: [String]) throws {
        let cron = try CronExpression(expression)
        var moment = friday
        for time in times {
            let next = try #require(cron.next(after: moment))
            #expect(next == Date.utc(time))
            moment = next
        }
    }

    @Test(arguments: [
        "", "* * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "a * * * *", "1, * * * *",
    ])
    func whatIsNoExpressionIsRefused(expression: String) {
        #expect(throws: HostError.self) { try CronExpression(expression) }
    }

    @Test func aDayThatNeverComesHasNoTime() throws {
        #expect(try CronExpression("0 0 30 2 *").next(after: 0) == nil)
    }

    @Test func intervalsAreCountedFromTheSameMomentEverywhere() {
        let schedule = Schedule.every(seconds: 600, text: "10m")
        #expect(schedule.next(after: 0) == 600)
        #expect(schedule.next(after: 599) == 600)
        #expect(schedule.next(after: 600) == 1_200)
    }
}

extension Date {
    /// Unix seconds of a time in UTC, written as `2026-02-27 22:58`.
    fileprivate static func utc(_ text: String) -> Int64 {
        let numbers = text.split(whereSeparator: { "- :".contains($0) }).compactMap { Int($0) }
        var parts = DateComponents()
        (parts.year, parts.month, parts.day) = (numbers[0], numbers[1], numbers[2])
        (parts.hour, parts.minute) = (numbers[3], numbers[4])
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        return Int64(calendar.date(from: parts)!.timeIntervalSince1970)
    }
}
