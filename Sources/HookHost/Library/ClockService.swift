internal import Foundation
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// `app.time` and the functions of `os` that tell time.
///
/// Dates are in UTC, so that the same handler writes the same date on every instance.
struct ClockService: Sendable {
    let clock: any WallClock

    private static let longestFormat = 200
    /// What `strftime` knows on every system (https://www.lua.org/manual/5.4/manual.html#pdf-os.date).
    private static let conversions = Set("aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%")

    func time(_ arguments: [LuaValue], _ invocation: Invocation) -> [LuaValue] {
        [.integer(clock.seconds)]
    }

    func cpuTime(_ arguments: [LuaValue], _ invocation: Invocation) -> [LuaValue] {
        [.number(Double(Foundation.clock()) / 1_000_000)]
    }

    func osTime(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        guard let parts = arguments.first, parts != .nil else { return [.integer(try now(invocation))] }
        guard case .object = parts else {
            throw HostError("os.time: the argument must be a table with year, month and day")
        }
        var date = tm()
        date.tm_year = try part("year", of: parts) - 1_900
        date.tm_mon = try part("month", of: parts) - 1
        date.tm_mday = try part("day", of: parts)
        date.tm_hour = try part("hour", of: parts, otherwise: 12)
        date.tm_min = try part("min", of: parts, otherwise: 0)
        date.tm_sec = try part("sec", of: parts, otherwise: 0)
        return [.integer(Int64(timegm(&date)))]
    }

    func osDate(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let format = try self.format(arguments.first ?? .nil)
        let given = arguments.count > 1 ? arguments[1] : .nil
        guard let seconds = given == .nil ? try now(invocation) : given.wholeNumber.map(Int64.init) else {
            throw HostError("os.date: the time must be a whole number of seconds")
        }
        var date = tm()
        var time = time_t(seconds)
        guard gmtime_r(&time, &date) != nil else { throw HostError("os.date: there is no date for that time") }
        return [format == "*t" ? .parts(date) : .text(try text(date, format))]
    }

    /// The present time, for handlers that may know it.
    private func now(_ invocation: Invocation) throws(HostError) -> Int64 {
        try invocation.check(.time)
        return clock.seconds
    }

    private func part(_ name: String, of parts: LuaValue, otherwise: Int32? = nil) throws(HostError) -> Int32 {
        if let number = parts[name].wholeNumber.flatMap({ Int32(exactly: $0) }), number.magnitude < 1 << 30 {
            return number
        }
        guard parts[name] == .nil, let otherwise else { throw HostError("os.time: '\(name)' must be a whole number") }
        return otherwise
    }

    private func format(_ value: LuaValue) throws(HostError) -> String {
        guard value != .nil else { return "%c" }
        guard let text = value.text, text.utf8.count <= ClockService.longestFormat, !text.utf8.contains(0) else {
            throw HostError("os.date: the format must be a short string")
        }
        let format = text.hasPrefix("!") ? String(text.dropFirst()) : text
        var rest = Substring(format)
        while let percent = rest.firstIndex(of: "%") {
            rest = rest[rest.index(after: percent)...]
            guard let letter = rest.popFirst(), ClockService.conversions.contains(letter) else {
                throw HostError("os.date: the format has a '%' without a known letter after it")
            }
        }
        return format
    }

    private func text(_ date: tm, _ format: String) throws(HostError) -> String {
        guard !format.isEmpty else { return "" }
        var date = date
        var buffer = [CChar](repeating: 0, count: 8 << 10)
        let length = strftime(&buffer, buffer.count, format, &date)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension LuaValue {
    fileprivate static func parts(_ date: tm) -> LuaValue {
        // The last years that `tm` can hold are beyond its own kind of number.
        let numbers = [
            ("year", Int64(date.tm_year) + 1_900), ("month", Int64(date.tm_mon) + 1), ("day", Int64(date.tm_mday)),
            ("hour", Int64(date.tm_hour)), ("min", Int64(date.tm_min)), ("sec", Int64(date.tm_sec)),
            ("wday", Int64(date.tm_wday) + 1), ("yday", Int64(date.tm_yday) + 1),
        ]
        return .object(numbers.map { LuaField($0.0, .integer($0.1)) } + [LuaField("isdst", .boolean(false))])
    }
}
