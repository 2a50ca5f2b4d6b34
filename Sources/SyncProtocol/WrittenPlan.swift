public import ContentModel
internal import Foundation

/// A plan as a file: what a run would do, row by row, and what each row was decided from. It holds no item contents.
///
/// The one who has made the file keeps of its own side what it knows of it: the plan of a push names the hashes of the
/// items at the source, that of a pull the hashes of the items here, whose place they would take.
public struct WrittenPlan: Codable, Sendable {
    private static let format = "tidelock-plan"
    private static let version = 1

    private var format = WrittenPlan.format
    private var version = WrittenPlan.version
    public var direction: Direction
    public var source: InstanceIdentity
    public var destination: InstanceIdentity
    public var target: String
    public var scope: Scope
    public var includesReverted: Bool
    /// Fingerprints of the filter handlers, by kind, in hex; none where they are the other side's.
    public var handlers: [String: String]
    public var items: [PlannedRow]

    public init(
        direction: Direction, source: InstanceIdentity, destination: InstanceIdentity, target: String, scope: Scope,
        includesReverted: Bool, handlers: [String: String], items: [PlannedRow]
    ) {
        self.direction = direction
        self.source = source
        self.destination = destination
        self.target = target
        self.scope = scope
        self.includesReverted = includesReverted
        self.handlers = handlers
        self.items = items
    }

    /// What stands in the file.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// Reads what stands in a file of that name. Throws when it is no plan, one of another version, or damaged.
    public init(decoding bytes: [UInt8], named name: String) throws {
        struct Head: Decodable {
            var format: String
            var version: Int
        }
        let data = Data(bytes)
        guard let head = try? JSONDecoder().decode(Head.self, from: data), head.format == Self.format else {
            throw TidelockError(
                .invalidJSON, "\(name.printable) is not a plan.", hint: "'tidelock plan TARGET --out FILE' makes one.")
        }
        guard head.version == Self.version else {
            throw TidelockError(
                .versionMismatch, "\(name.printable) is a plan of version \(head.version), not \(Self.version).",
                hint: "Make it with this version of Tidelock.")
        }
        do {
            self = try JSONDecoder().decode(WrittenPlan.self, from: data)
        } catch {
            throw TidelockError(.invalidJSON, "\(name.printable) is a damaged plan.", underlying: error)
        }
    }
}
