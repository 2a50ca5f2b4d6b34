internal import ContentModel

/// The five fields of a cron expression, in UTC.
///
/// `*`, numbers, ranges, lists and steps, and the names of months and weekdays in English, as in
/// https://man7.org/linux/man-pages/man5/crontab.5.html. Where both days are restricted, either of them will do.
public struct CronExpression: Sendable, Hashable {
    public let text: String
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let restrictsDays: Bool
    private let restrictsWeekdays: Bool

    /// Throws a sentence about the field that cannot be read.
    init(_ text: String) throws(HostError) {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count == 5 else {
            throw HostError(
                "'\(text.printable)' is no cron expression: it needs minute, hour, day, month and weekday, such as \"0 3 * * *\""
            )
        }
        self.text = fields.joined(separator: " ")
        minutes = try CronField("minute", 0...59).numbers(in: fields[0])
        hours = try CronField("hour", 0...23).numbers(in: fields[1])
        days = try CronField("day", 1...31).numbers(in: fields[2])
        months = try CronField("month", 1...12, names: CronField.months, firstName: 1).numbers(in: fields[3])
        // Both 0 and 7 are Sunday.
        weekdays = Set(
            try CronField("weekday", 0...7, names: CronField.weekdays, firstName: 0).numbers(in: fields[4]).map {
                $0 % 7
            })
        restrictsDays = !fields[2].hasPrefix("*")
        restrictsWeekdays = !fields[4].hasPrefix("*")
    }

    /// The first minute after `moment` that fits, in Unix seconds; `nil` when there is none within nine years, which
    /// is as long as a leap day can be away.
    public func next(after moment: Int64) -> Int64? {
        var minute = (moment.flooredQuotient(by: 60) + 1) * 60
        let end = minute + 9 * 366 * 86_400
        while minute < end {
            let date = CivilDate(day: minute.flooredQuotient(by: 86_400))
            if !months.contains(date.month) || !fits(date) {
                minute = (minute.flooredQuotient(by: 86_400) + 1) * 86_400
                continue
            }
            let ofDay = Int(minute - minute.flooredQuotient(by: 86_400) * 86_400) / 60
            if !hours.contains(ofDay / 60) {
                minute = (minute.flooredQuotient(by: 3_600) + 1) * 3_600
            } else if !minutes.contains(ofDay % 60) {
                minute += 60
            } else {
                return minute
            }
        }
        return nil
    }

    private func fits(_ date: CivilDate) -> Bool {
        let fitsDay = days.contains(date.day)
        let fitsWeekday = weekdays.contains(date.weekday)
        return restrictsDays && restrictsWeekdays ? fitsDay || fitsWeekday : fitsDay && fitsWeekday
    }
}

/// One field, and the numbers it may hold.
private struct CronField {
    let name: String
    let range: ClosedRange<Int>
    let names: [String]
    let firstName: Int

    static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    init(_ name: String, _ range: ClosedRange<Int>, names: [String] = [], firstName: Int = 0) {
        self.name = name
        self.range = range
        self.names = names
        self.firstName = firstName
    }

    func numbers(in text: String) throws(HostError) -> Set<Int> {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let found = self.part(part) else {
                throw HostError(
                    "the \(name) of a cron expression cannot be '\(text.printable)'; it goes from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            numbers.formUnion(found)
        }
        return numbers
    }

    /// `*`, `5`, `1-5`, each perhaps with a step as in `*/15`.
    private func part(_ text: Substring) -> [Int]? {
        let pieces = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(pieces.count), let bounds = bounds(pieces[0], isStepped: pieces.count == 2) else {
            return nil
        }
        guard pieces.count == 2 else { return Array(bounds) }
        guard let step = Int(pieces[1]), step > 0 else { return nil }
        return Array(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step))
    }

    private func bounds(_ text: Substring, isStepped: Bool) -> ClosedRange<Int>? {
        if text == "*" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(number)
        switch ends.count {
        case 1: return ends[0].map { $0...(isStepped ? range.upperBound : $0) }
        case 2:
            guard let first = ends[0], let last = ends[1], first <= last else { return nil }
            return first...last
        default: return nil
        }
    }

    private func number(_ text: Substring) -> Int? {
        if let position = names.firstIndex(of: text.lowercased()) { return firstName + position }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(text)
        else { return nil }
        return range.contains(number) ? number : nil
    }
}

/// A day of the proleptic Gregorian calendar, from the number of days since 1970
/// (https://howardhinnant.github.io/date_algorithms.html).
private struct CivilDate {
    let month: Int
    let day: Int
    /// 0 is Sunday.
    let weekday: Int

    init(day number: Int64) {
        let shifted = number + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        day = Int(ofYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        let sinceThursday = (number + 4) - (number + 4).flooredQuotient(by: 7) * 7
        weekday = Int(sinceThursday)
    }
}

extension Int64 {
    /// The quotient rounded down, also below zero.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
