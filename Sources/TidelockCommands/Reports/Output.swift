internal import ContentModel
internal import Foundation
internal import SyncEngine
internal import Synchronization

/// Standard output: results, and nothing else.
enum Output {
    private static let begun = Mutex(false)

    /// Whether any of a result was printed.
    static var hasBegun: Bool { begun.withLock { $0 } }

    static func line(_ text: String) throws {
        try write(Array((text + "\n").utf8))
    }

    /// A value as one JSON object or list.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func write(_ bytes: [UInt8]) throws {
        begun.withLock { $0 = true }
        do {
            try FileHandle.standardOutput.write(contentsOf: bytes)
        } catch {
            throw TidelockError(.storageFailed, "Standard output cannot be written.", underlying: error)
        }
    }

    /// Columns as wide as their widest cell.
    static func table(_ rows: [[String]]) throws {
        guard let columns = rows.first?.count else { return }
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).map { cell, width in
                cell.padding(toLength: max(width, cell.count), withPad: " ", startingAt: 0)
            }
            try line(cells.joined(separator: "  ").trimmingTrailingSpaces)
        }
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// Moments as people read them, in UTC.
func moment(_ seconds: Int64?) -> String {
    guard let seconds else { return "-" }
    return utc(seconds)
}
